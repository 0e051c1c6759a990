"""What can be wrong with a deployment's accounts, each with how it is found and what to do.

A question of SQL finds each kind of finding about files. `:cutoff` is the start less the grace:
what was touched later may be in flight and is not judged.
"""

from dataclasses import dataclass
from enum import StrEnum

from handler.model.text import printable


class Kind(StrEnum):
    """Stable: people script on these words."""

    NO_FATE = "no-fate"
    PROCESSED_FILE_MISSING = "processed-file-missing"
    HELD_FILE_MISSING = "held-file-missing"
    COPY_MISSING = "copy-missing"
    COPY_DIFFERS = "copy-differs"
    FILE_DIFFERS = "file-differs"
    STILL_IN_INPUT = "still-in-input"
    UNDELETED = "undeleted"
    GONE_BUT_THERE = "gone-but-there"
    PROCESSED_BUT_QUARANTINED = "processed-but-quarantined"
    STRAY_COPY = "stray-copy"
    TWO_RECORDS = "two-records"
    UNKNOWN_RECORD = "unknown-record"
    RETRY_OVERDUE = "retry-overdue"
    RETRY_UNFINISHED = "retry-unfinished"
    WRITTEN_BY_PROCESS = "written-by-process"
    NOT_NOTIFIED = "not-notified"
    NOBODY_SUBSCRIBED = "nobody-subscribed"
    SUBSCRIPTION_UNCONFIRMED = "subscription-unconfirmed"
    SUBSCRIPTION_SUSPENDED = "subscription-suspended"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up."""

    kind: Kind
    about: str
    """A key, an address or a bucket."""
    version_id: str | None = None
    upload_id: str | None = None
    detail: str = ""

    def in_words(self) -> str:
        """One line, whatever the file is called."""
        facts = [self.about]
        if self.version_id:
            facts.append(f"version {self.version_id}")
        if self.upload_id:
            facts.append(f"upload {self.upload_id}")
        if self.detail:
            facts.append(self.detail)
        return printable(", ".join(facts))


@dataclass(frozen=True, slots=True)
class Explanation:
    """A kind of finding in words."""

    means: str
    do: str


EXPLAINED = {
    Kind.NO_FATE: Explanation(
        "uploads that have no record and no kept event",
        "See whether the processor is running, throttled or failing; then give them the event they "
        "never had: scalper reconcile --repair",
    ),
    Kind.PROCESSED_FILE_MISSING: Explanation(
        "records of accepted files that are no longer in the input bucket",
        "Someone removed these versions. If that is how they are used, pass "
        "--allow processed-file-missing.",
    ),
    Kind.HELD_FILE_MISSING: Explanation(
        "records of held files that are no longer in the input bucket",
        "Someone removed files that were waiting for you. Ask their senders for them again.",
    ),
    Kind.COPY_MISSING: Explanation(
        "records of files in quarantine whose copy is not there",
        "The lifecycle removed the copy of a file that was tried again in vain near its end, or "
        "someone removed it, or the quarantine bucket is another one than it was.",
    ),
    Kind.COPY_DIFFERS: Explanation(
        "quarantined copies of another size than the file had",
        "Do not trust the copy; ask the sender for the file again.",
    ),
    Kind.FILE_DIFFERS: Explanation(
        "files of another size or ETag than their record says",
        "The record is of another upload. See whether versioning of the bucket was switched off.",
    ),
    Kind.STILL_IN_INPUT: Explanation(
        "quarantined files that are in the input bucket too",
        "The processor or rescuer died before removing them, or may not delete; see their logs.",
    ),
    Kind.UNDELETED: Explanation(
        "versions that S3 refused to delete, as was published when it did",
        "Find out what keeps them: a legal hold, Object Lock, or a policy that denies it. Once "
        "that has ended, scalper retry FILE or scalper discard FILE deletes what is left of a "
        "quarantined file; the rest may be deleted by hand, or expires.",
    ),
    Kind.GONE_BUT_THERE: Explanation(
        "files that are recorded as deleted by someone and are there",
        "They have not been processed: upload them again.",
    ),
    Kind.PROCESSED_BUT_QUARANTINED: Explanation(
        "copies in quarantine of files that were accepted",
        "Left by a try that was overtaken; the file is in the input bucket. Delete the copy.",
    ),
    Kind.STRAY_COPY: Explanation(
        "files in the quarantine bucket that no record names",
        "Left by a try that died, or put there by someone. Look at them, then delete them.",
    ),
    Kind.TWO_RECORDS: Explanation(
        "versions that have more than one record",
        "An event was made up or altered; compare the records.",
    ),
    Kind.UNKNOWN_RECORD: Explanation(
        "records that this version does not understand",
        "Written by something else, or by a newer version: use its `scalper`.",
    ),
    Kind.RETRY_OVERDUE: Explanation(
        "files that were to be tried again by themselves, and were not",
        "Their schedule is gone, or the processor does not answer it: see `scalper status`. Then "
        "try each now: scalper retry FILE",
    ),
    Kind.RETRY_UNFINISHED: Explanation(
        "files whose retry began long ago and never came to an end",
        "The processor died of it, and the rescuer too; see scalper logs FILE. Then try each once "
        "more: scalper retry FILE",
    ),
    Kind.WRITTEN_BY_PROCESS: Explanation(
        "files of the last two days that process put into its own input bucket",
        "Each is an upload, and so begins process again: a loop, which Lambda stops after about 16 "
        "rounds. Let process write elsewhere, then `pulumi up`.",
    ),
    Kind.NOT_NOTIFIED: Explanation(
        "the input bucket does not tell the processor of uploads",
        "Run `scalper status`, which names the command; until then every upload goes unnoticed.",
    ),
    Kind.NOBODY_SUBSCRIBED: Explanation(
        "no e-mail address is subscribed to the alerts",
        "SNS deletes suspended subscriptions. Run `pulumi up --refresh` and confirm the e-mail.",
    ),
    Kind.SUBSCRIPTION_UNCONFIRMED: Explanation(
        "e-mail addresses that get no alerts: not confirmed, or suspended by SNS",
        "Ask the reader to confirm the message from AWS; find no message, subscribe again.",
    ),
    Kind.SUBSCRIPTION_SUSPENDED: Explanation(
        "e-mail addresses that SNS suspended",
        "Subscribe the address again and confirm it; SNS deletes a suspended one after days.",
    ),
}

# An object without a version of its own is overwritten by the next upload: of the records of such
# a key only the newest is about what is there now.
_STANDING = """
    r.processed <= :cutoff AND NOT (r.version_id = 'null' AND EXISTS (
        SELECT 1 FROM record newer WHERE newer.key = r.key AND newer.version_id = 'null'
        AND newer.upload_id > r.upload_id))
"""
_FILE = "input i ON i.key = r.key AND i.version_id = r.version_id"
_COPY = "quarantine q ON q.key = r.key AND q.version_id = r.location_version_id"
# A file that a retry accepted stays in quarantine where a newer upload of its key is.
_ASIDE = """
    (r.status = 'QUARANTINED' OR r.status = 'PROCESSED' AND r.location_version_id IS NOT NULL)
"""


def _since(word: str, column: str) -> str:
    """SQL for a word and a moment."""
    return f"'{word} ' || strftime('%Y-%m-%d %H:%M:%S UTC', {column}, 'unixepoch')"


UNACCOUNTED = """
    FROM input i WHERE NOT EXISTS (
        SELECT 1 FROM record r WHERE r.key = i.key AND r.version_id = i.version_id)
    AND NOT EXISTS (
        SELECT 1 FROM undeleted u WHERE u.key = i.key AND u.version_id = i.version_id)
"""
KEPT = "EXISTS (SELECT 1 FROM kept k WHERE k.key = i.key AND k.version_id = i.version_id)"

WITHOUT_FATE = f"""
    {UNACCOUNTED} AND NOT i.passed_over AND NOT {KEPT}
    AND i.modified <= :cutoff AND i.modified >= :since AND i.modified >= :records_kept_since
"""
OLDER_THAN_THE_PIPELINE = f"""
    {UNACCOUNTED} AND NOT i.passed_over AND NOT {KEPT}
    AND i.modified <= :cutoff AND i.modified < :since
"""

QUESTIONS: dict[Kind, str] = {
    Kind.NO_FATE: f"""
        SELECT i.key, i.version_id, NULL, {_since("uploaded", "i.modified")}
            || CASE WHEN i.etag LIKE '%-%'
               THEN ' in parts, so perhaps completed later' ELSE '' END
        {WITHOUT_FATE}
    """,
    Kind.PROCESSED_FILE_MISSING: f"""
        SELECT r.key, r.version_id, r.upload_id, '' FROM record r LEFT JOIN {_FILE}
        WHERE r.status = 'PROCESSED' AND i.key IS NULL AND NOT {_ASIDE} AND {_STANDING}
        AND r.processed >= :input_kept_since
    """,
    Kind.HELD_FILE_MISSING: f"""
        SELECT r.key, r.version_id, r.upload_id, '' FROM record r LEFT JOIN {_FILE}
        WHERE r.status = 'HELD' AND i.key IS NULL AND {_STANDING}
    """,
    Kind.COPY_MISSING: f"""
        SELECT r.key, r.version_id, r.upload_id,
            'should be at ' || coalesce(r.location, '?') || ', version '
            || coalesce(r.location_version_id, '?')
        FROM record r LEFT JOIN {_COPY}
        WHERE {_ASIDE} AND {_STANDING} AND r.processed >= :quarantine_kept_since
        AND (q.key IS NULL OR r.location IS NOT 's3://' || :quarantine_bucket || '/' || r.key)
    """,
    Kind.COPY_DIFFERS: f"""
        SELECT r.key, r.version_id, r.upload_id,
            'the copy has ' || q.size || ' bytes, the file had ' || r.size
        FROM record r JOIN {_COPY}
        WHERE {_ASIDE} AND q.size <> r.size AND {_STANDING}
    """,
    Kind.FILE_DIFFERS: f"""
        SELECT r.key, r.version_id, r.upload_id,
            'it has ' || i.size || ' bytes and ETag ' || i.etag || ', its record says '
            || coalesce(r.size, '?') || ' and ' || coalesce(r.etag, '?')
        FROM record r JOIN {_FILE}
        WHERE r.status IN ('PROCESSED', 'HELD') AND NOT {_ASIDE} AND {_STANDING}
        AND (i.size IS NOT r.size OR i.etag IS NOT r.etag AND NOT r.is_restored)
    """,
    Kind.STILL_IN_INPUT: f"""
        SELECT r.key, r.version_id, r.upload_id, '' FROM record r JOIN {_FILE}
        WHERE {_ASIDE} AND {_STANDING} AND NOT EXISTS (
            SELECT 1 FROM undeleted u WHERE u.key = i.key AND u.version_id = i.version_id)
    """,
    Kind.UNDELETED: """
        SELECT u.key, u.version_id, u.upload_id, u.detail FROM undeleted u
        WHERE EXISTS (SELECT 1 FROM input i WHERE i.key = u.key AND i.version_id = u.version_id)
        OR EXISTS (SELECT 1 FROM quarantine q WHERE q.key = u.key AND q.version_id = u.version_id)
    """,
    Kind.GONE_BUT_THERE: f"""
        SELECT r.key, r.version_id, r.upload_id, '' FROM record r JOIN {_FILE}
        WHERE r.status = 'GONE' AND {_STANDING}
    """,
    Kind.TWO_RECORDS: """
        SELECT r.key, r.version_id, max(r.upload_id), count(*) || ' records'
        FROM record r WHERE r.version_id <> 'null'
        GROUP BY r.key, r.version_id HAVING count(*) > 1 AND max(r.processed) <= :cutoff
    """,
    Kind.UNKNOWN_RECORD: """
        SELECT r.key, r.version_id, r.upload_id, 'status ' || coalesce(r.status, 'missing')
            || ', processed at ' || coalesce(r.processed, 'no time')
        FROM record r
        WHERE r.processed IS NULL OR r.status IS NULL
        OR r.status NOT IN ('PROCESSED', 'QUARANTINED', 'HELD', 'GONE')
    """,
    Kind.RETRY_OVERDUE: f"""
        SELECT r.key, r.version_id, r.upload_id, {_since("it was due", "r.retry_due")}
        FROM record r WHERE r.status IN ('QUARANTINED', 'HELD') AND r.retry_due <= :overdue_since
    """,
    # Lambda names its session, with which an event ends its sender, after the function.
    Kind.WRITTEN_BY_PROCESS: """
        SELECT r.key, r.version_id, r.upload_id, '' FROM record r
        WHERE substr(r.sender, -length(:processor_session)) = :processor_session
        AND r.processed >= :two_days_ago
    """,
    Kind.RETRY_UNFINISHED: f"""
        SELECT r.key, r.version_id, r.upload_id, {_since("it began", "r.retried_since")}
        FROM record r
        WHERE r.status IN ('QUARANTINED', 'HELD') AND r.retried_since <= :abandoned_since
    """,
}
"""Each answers with key, version id, upload id and detail."""

STRAYS = """
    SELECT q.key, q.version_id FROM quarantine q WHERE q.modified <= :cutoff
    AND NOT EXISTS (
        SELECT 1 FROM record r WHERE r.key = q.key AND r.location_version_id = q.version_id
        AND (r.status IS NOT 'GONE' OR r.processed > :cutoff))
    AND NOT EXISTS (
        SELECT 1 FROM undeleted u WHERE u.key = q.key AND u.version_id = q.version_id)
"""
"""Copies that no record names; what they say of themselves decides which kind they are."""
