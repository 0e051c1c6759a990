"""An alert is read by a person at night: it must be true, safe to read and safe to paste."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler import Rejection
from handler.model.errors import Fault
from handler.model.messages import email_text, notice_text, subject
from handler.model.text import printable, readable_size

from . import hostile
from .world import INPUT, PIPELINE, QUARANTINE, STACK, TABLE, Alert, World

UNSEEN = set(
    "\u034f\u115f\u1160\u17b5\u180b\u200b\u2060\u2800\u3164\ufe0f\uffa0\U000e0100\U000e01ef"
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


def message(**more: Any) -> dict[str, Any]:
    return {
        "pipeline": PIPELINE,
        "stack": STACK,
        "table": TABLE,
        "status": "QUARANTINED",
        "object_key": "in/orders.csv",
        "upload_id": "0055AED6DCD90281E500000000000000",
        "file_name": "orders.csv",
        "file_type": "csv",
        "size_bytes": 1_234_567,
        "bucket": INPUT,
        "uploaded_at": "2026-03-02T09:15:27.412Z",
        "processed_at": "2026-03-02T09:15:28.000Z",
        "reason_code": "BAD_HEADER",
        "reason": "Line 1 has 3 columns, expected 4.",
        "location": f"s3://{QUARANTINE}/in/orders.csv",
        "location_version_id": "3HL4kqtJlcpXroDTDmJ",
        **more,
    }


# The subject.


@given(name=NAMES, code=st.from_regex(r"[A-Z][A-Z0-9_]{0,63}", fullmatch=True))
@example(name="\n" * 200, code="A" * 64)
@example(name="\ufdfa" * 200, code="A")
def test_a_subject_is_a_line_that_sns_takes_whatever_the_file_is_called(
    name: str, code: str
) -> None:
    for status in ("PROCESSED", "QUARANTINED", "HELD", "GONE"):
        line = subject(message(status=status, file_name=name, reason_code=code))
        assert 0 < len(line) < 100
        assert re.fullmatch(r"[ -~]+", line)
        assert f"({code}) [" in line
        assert line.endswith("intake]")
        assert line[0].isalpha()


@pytest.mark.parametrize(
    ("status", "code", "name", "line"),
    [
        ("PROCESSED", None, "orders.csv", "Processed: orders.csv"),
        ("QUARANTINED", "BAD_HEADER", "orders.csv", "Set aside: orders.csv (BAD_HEADER)"),
        ("HELD", "AWS_ERROR", "orders.csv", "On hold: orders.csv (AWS_ERROR)"),
        ("GONE", "DELETED_BY_SOMEONE", "a.csv", "Missing: a.csv (DELETED_BY_SOMEONE)"),
        ("PROCESSED", None, "Ärger é.csv", "Processed: Arger e.csv"),
        ("PROCESSED", None, "東京.csv", "Processed: ??.csv"),
    ],
)
def test_a_subject_says_what_happened_to_which_file_of_which_pipeline(
    status: str, code: str | None, name: str, line: str
) -> None:
    told = message(status=status, file_name=name, reason_code=code)
    if code is None:
        del told["reason_code"]
    assert subject(told) == f"{line} [silent-scalper-test-intake]"


def test_a_long_name_is_cut_and_its_reason_is_not() -> None:
    line = subject(message(file_name="x" * 500 + ".csv"))
    assert len(line) == 99
    assert line.endswith("xxx... (BAD_HEADER) [silent-scalper-test-intake]")


def test_of_a_long_pipeline_a_subject_names_the_end() -> None:
    line = subject(message(pipeline="p" * 200 + "-prod-intake"))
    assert line.startswith("Set aside: orders.csv (BAD_HEADER) [...ppp")
    assert line.endswith("ppp-prod-intake]")
    assert len(line) < 99


@pytest.mark.parametrize(("code", "pipeline"), [("A" * 64, "p" * 300), ("A", "p"), ("A", "prod\n")])
def test_a_subject_always_says_what_happened(code: str, pipeline: str) -> None:
    line = subject(message(file_name="x" * 300, reason_code=code, pipeline=pipeline))
    assert len(line) == 99
    assert line.startswith("Set aside: xxxxx")
    assert line.isprintable()


# The e-mail, as a person reads it.


@pytest.fixture
def emailing(world: World) -> World:
    """Where every outcome is e-mailed."""
    world.deploy(email_on="all")
    return world


def told(world: World) -> Alert:
    return world.alerts()[-1]


def test_the_email_of_an_accepted_file_asks_for_nothing(emailing: World) -> None:
    emailing.run(emailing.upload("in/orders.csv", b"x" * 1_500))
    text = told(emailing).text
    assert text.startswith("The file was accepted.\n")
    assert "File:      in/orders.csv\n" in text
    assert "Size:      1.5 KB\n" in text
    assert re.search(r"Uploaded:  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n", text)
    assert f"Now in:    the input bucket, {INPUT}, untouched\n" in text
    assert "What to do next\nNothing.\n" in text
    assert "Why:" not in text
    assert PIPELINE in text


def test_the_email_of_a_rejected_file_says_why_where_it_is_and_how_to_look_at_it(
    emailing: World,
) -> None:
    def process(file: object) -> None:
        raise Rejection("BAD_HEADER", "Line 1 has 3 columns, expected 4.")

    emailing.deploy(process=process)
    upload = emailing.upload()
    emailing.run(upload)
    text = told(emailing).text
    assert text.startswith("The file was not accepted and has been set aside.\n")
    assert "Why:       Line 1 has 3 columns, expected 4.\n" in text
    assert f"Now in:    quarantine, s3://{QUARANTINE}/in/orders.csv\n" in text
    assert "Correct the file and upload it again." in text
    download = f"scalper download --stack test --upload {upload.upload_id} in/orders.csv"
    assert f"  {download}\n" in text
    assert "BAD_HEADER" in text


def test_the_email_of_a_file_that_process_failed_on_does_not_blame_the_sender(
    emailing: World,
) -> None:
    emailing.rescue(emailing.upload(), "failed_process")
    text = told(emailing).text
    assert "Why:       process raised KeyError: 'amount'\n" in text
    assert "Uploaders: nothing for now.\n" in text
    assert "Correct the file" not in text


def test_the_email_of_a_held_file_says_that_it_is_safe_and_what_to_do(emailing: World) -> None:
    upload = emailing.upload()
    emailing.rescue(upload, "failed_aws")
    text = told(emailing).text
    assert "That is not the file's fault, and it is safe.\n" in text
    assert "Why:       DynamoDB PutItem answered InternalServerError" in text
    assert f"Now in:    the input bucket, {INPUT}, untouched\n" in text
    assert "Uploaders: nothing, and please do not upload it again." in text
    assert "Operators: remove the cause above." in text
    assert f"  scalper retry --stack test --upload {upload.upload_id} " in text


def test_the_email_of_a_missing_file_says_that_somebody_deleted_it(emailing: World) -> None:
    upload = emailing.upload()
    emailing.delete_input(upload)
    emailing.rescue(upload, "failed_process")
    text = told(emailing).text
    assert text.startswith("The file was deleted by someone before it could be dealt with.\n")
    assert "Now in:    nowhere: it was deleted\n" in text
    assert "If the file is still needed, upload it again.\n" in text


def test_the_notice_of_a_storm_says_that_nothing_else_is_paused_and_how_to_list_what_happened() -> (
    None
):
    text = notice_text(message(status="FAILURES_NOT_EMAILED"))
    assert "not each of them gets an e-mail of its own" in text
    assert "every file is dealt with, recorded and published as usual" in text
    assert "\n  scalper list --stack test\n" in text
    assert "at most once an hour" in text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 KB"),
        (1_500_000, "1.5 MB"),
        (5 * 10**9, "5.0 GB"),
        (5 * 10**12, "5.0 TB"),
        (48 * 10**15, "48000.0 TB"),
    ],
)
def test_sizes_are_said_as_people_say_them(size: int, text: str) -> None:
    assert readable_size(size) == text


# Names that want to be more than names.


@pytest.mark.parametrize("name", hostile.NAMES)
@pytest.mark.parametrize("status", ["QUARANTINED", "HELD"])
def test_a_name_or_a_reason_cannot_forge_a_line_or_move_a_cursor(name: str, status: str) -> None:
    plain = email_text(message(status=status))
    text = email_text(
        message(
            status=status,
            object_key=f"in/{name}",
            file_name=name,
            reason=f"It is called {name}.",
            location=f"s3://{QUARANTINE}/in/{name}",
        )
    )
    assert len(text.splitlines()) == len(plain.splitlines())
    assert all(c.isprintable() or c == "\n" for c in text)


@given(text=st.text(st.characters()))
def test_what_is_shown_is_printable_and_says_what_was_there(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    if text.isprintable() and not UNSEEN & set(text):
        assert shown == text
    assert not UNSEEN & set(shown)


@pytest.mark.parametrize("c", sorted(UNSEEN), ids=lambda c: f"{ord(c):x}")
def test_a_letter_that_nobody_sees_is_shown(c: str) -> None:
    assert printable(f"a{c}b") == "a" + c.encode("unicode_escape").decode() + "b"


@pytest.mark.parametrize("end", ["\x01", "\x00a", "\ud7ff\uffff", "c\nv", "\u202e"])
def test_a_type_of_odd_characters_does_not_make_sns_refuse_the_alert(
    emailing: World, end: str
) -> None:
    """Attributes go to queues, which take no control characters."""
    emailing.run(emailing.upload(f"in/a.{end}"))
    [publish] = [call for call in emailing.calls if call.operation == "Publish"]
    for attribute in publish.request["MessageAttributes"].values():
        assert attribute["StringValue"].isprintable()
    assert publish.request["Message"].isascii()


# What is pasted into a shell.


@pytest.fixture
def pasted(tmp_path: Path) -> Any:
    """Run the commands of an e-mail in a real bash; a `scalper` writes its arguments down.

    A name that escapes its quotes is run here for real. So no program can be found but that
    `scalper`, home is an empty folder, and no name may hold a command that would do harm.
    """
    home, programs, out = tmp_path / "home", tmp_path / "programs", tmp_path / "arguments"
    home.mkdir()
    programs.mkdir()
    scalper = programs / "scalper"
    scalper.write_text('#!/bin/bash\nprintf "%s\\0" "$@" >> "$OUT"; printf "\\0" >> "$OUT"\n')
    scalper.chmod(0o755)

    def paste(text: str) -> list[list[str]]:
        lines = text[text.index("What to do next\n") :].splitlines(keepends=True)
        command = "".join(line for line in lines if line.startswith("  scalper "))
        done = subprocess.run(
            ["/bin/bash", "--norc", "--noprofile", "-c", command],
            env={"PATH": str(programs), "HOME": str(home), "OUT": str(out), "LC_ALL": "C.UTF-8"},
            cwd=home,
            capture_output=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == (b"", b""), "nothing ran but scalper"
        calls = out.read_bytes().decode().split("\0\0")[:-1]
        return [call.split("\0") for call in calls]

    return paste


UPLOAD = ("--upload", "0055AED6DCD90281E500000000000000")
BAD_CODE, BAD_FILE = {"reason_code": "PROCESS_FAILED"}, {"reason_code": "WRONG_TYPE"}


@pytest.mark.parametrize("key", [n for n in hostile.NAMES if "\0" not in n] + ["\ud7ff\uffff"])
@pytest.mark.parametrize(
    ("status", "why", "commands"),
    [
        ("QUARANTINED", BAD_FILE, [("show",), ("download", *UPLOAD)]),
        ("QUARANTINED", BAD_CODE, [("show",), ("logs", *UPLOAD), ("retry", *UPLOAD)]),
        ("HELD", {"reason_code": "AWS_ERROR"}, [("show",), ("retry", *UPLOAD)]),
        ("GONE", {}, [("show",)]),
    ],
)
def test_the_commands_of_an_email_name_the_file_exactly(
    pasted: Any, status: str, why: dict[str, str], commands: list[tuple[str, ...]], key: str
) -> None:
    location = f"s3://{QUARANTINE}/{key}"
    typed = pasted(email_text(message(status=status, object_key=key, location=location, **why)))
    ended = ["--"] if key.startswith("-") else []
    whole = [[name, "--stack", "test", *options] for name, *options in commands]
    assert typed == [[*command, *ended, key] for command in whole]


def test_a_name_that_no_shell_can_hand_over_is_left_to_the_list(pasted: Any) -> None:
    typed = pasted(email_text(message(status="HELD", object_key="nul\x00.csv")))
    assert typed == [["list", "--stack", "test"]] * 2


@pytest.mark.parametrize("status", ["QUARANTINED", "HELD", "GONE"])
def test_a_command_goes_through_mail_unchanged(status: str) -> None:
    """Mail may compose or decompose letters; ASCII stays what it is."""
    text = email_text(message(status=status, object_key="e\u0301 \u6771\u4eac.csv"))
    assert all(line.isascii() for line in text.splitlines() if line.startswith("  scalper "))


def test_the_commands_of_a_storms_notice_are_whole(pasted: Any) -> None:
    text = notice_text(message(status="FAILURES_NOT_EMAILED"))
    assert pasted(text) == [["list", "--stack", "test"], ["status", "--stack", "test"]]


# What machines get.


def test_the_json_is_complete_and_keeps_what_process_returned_to_itself(world: World) -> None:
    world.deploy(process=lambda file: {"secret": "4711"}, email_on="all")
    upload = world.upload()
    world.run(upload)
    alert, item = told(world), world.record(upload)
    assert alert.message == {
        "pipeline": PIPELINE,
        "stack": STACK,
        "table": TABLE,
        **{k: v for k, v in item.items() if k not in {"owner", "result"}},
    }
    assert item["result"] == {"secret": "4711"}
    assert "4711" not in json.dumps(alert.message) + alert.text


def test_the_json_of_a_rejected_file_says_why_and_where(world: World) -> None:
    world.deploy(rules={"accepted_types": ["pdf"]})
    upload = world.upload()
    world.run(upload)
    alert, item = told(world), world.record(upload)
    for name in ("status", "reason_code", "reason", "location", "location_version_id", "attempt"):
        assert alert.message[name] == item[name]
    assert not {"owner", "event", "attention_shard", "expires_at"} & set(alert.message)


def test_the_json_of_a_held_file_keeps_the_event_to_the_record(world: World) -> None:
    upload = world.upload()
    world.rescue(upload, "failed_aws")
    assert "event" not in told(world).message
    assert world.record(upload)["event"] == upload.record


@pytest.mark.parametrize(
    ("rules", "attributes"),
    [
        ({}, {"status": "PROCESSED", "file_type": "csv", "email": "no"}),
        (
            {"accepted_types": ["pdf"]},
            {
                "status": "QUARANTINED",
                "file_type": "csv",
                "email": "no",
                "reason_code": "WRONG_TYPE",
            },
        ),
    ],
)
def test_subscriptions_can_filter_by_attributes(
    world: World, rules: dict[str, Any], attributes: dict[str, str]
) -> None:
    world.deploy(rules=rules)
    world.run(world.upload())
    assert told(world).attributes == attributes


def test_the_longest_key_and_reason_fit_a_message(emailing: World) -> None:
    key = "\U0001f3ac" * 256
    emailing.rescue(emailing.upload(key), "failed_aws")
    [publish] = [call for call in emailing.calls if call.operation == "Publish"]
    assert len(publish.request["Message"].encode()) < 100_000


def test_an_error_text_of_lambda_however_long_is_told(world: World) -> None:
    """Lambda passes on up to 256 KB; SNS takes no more than that for all."""
    upload = world.upload()
    world.rescue(upload, "failed_unknown_exception", error="x" * 250_000 + "\ud800")
    assert len(world.record(upload)["reason"]) <= 1_000
    assert world.told() == ["HELD"]


def test_an_alert_that_the_topic_does_not_take_is_a_fault_and_comes_with_the_retry(
    world: World,
) -> None:
    upload = world.upload()
    with (
        world.failing("sns.Publish", times=9),
        pytest.raises(Fault, match="AWS_ERROR: SNS Publish failed"),
    ):
        world.run(upload)
    world.run(upload)
    assert world.told() == ["PROCESSED"]
