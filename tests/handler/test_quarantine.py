"""The copy is exact and checked before anything is deleted, and no other file is ever touched."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from handler.aws import backoff, copies
from handler.doors.s3_notification import parse
from handler.model.delivery import Delivery
from handler.model.errors import Code, Fault, ObjectMissing
from handler.model.event import Upload

from .world import INPUT, QUARANTINE, Crash, Uploaded, World

REJECT = {"accepted_types": ["pdf"]}


@pytest.fixture
def rejecting(world: World) -> World:
    world.deploy(rules=REJECT)
    return world


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 5 GB were 10 KB, for the handler and for moto."""
    monkeypatch.setattr(copies, "ONE_CALL_BYTES", 10 * 1024)
    monkeypatch.setattr(copies, "PART_BYTES", 5 * 1024)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 5 * 1024)


BIG = b"0123456789abcdef" * (12 * 1024 // 16) + b"the end"


def refused(code: str, status: int = 403) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "AnyOperation")


def tampering(
    world: World, operation: str, change: Callable[[dict[str, Any]], None], *, at: int = 1
) -> None:
    """Change the `at`-th answer to `operation`."""
    seen: list[None] = []

    def tamper(parsed: dict[str, Any], **_: Any) -> None:
        seen.append(None)
        if len(seen) == at:
            change(parsed)

    world.aws.hook(f"after-call.s3.{operation}", tamper)


# What the copy has.


def test_a_copy_keeps_the_bytes_the_tags_and_what_headers_say_and_says_why_it_is_there(
    rejecting: World,
) -> None:
    upload = rejecting.upload(
        body=b"x,y\n",
        ContentType="text/csv; charset=utf-8",
        ContentEncoding="identity",
        ContentDisposition='attachment; filename="orders.csv"',
        ContentLanguage="de",
        CacheControl="no-store",
        Metadata={"sender": "acme", "batch": "7"},
        Tagging="team=sales&note=a%20%2B%20b",
    )
    rejecting.run(upload)
    copy = rejecting.quarantined()
    assert copy["Body"].read() == b"x,y\n"
    assert copy["ContentType"] == "text/csv; charset=utf-8"
    assert copy["ContentDisposition"] == 'attachment; filename="orders.csv"'
    assert copy["ContentLanguage"] == "de"
    assert copy["CacheControl"] == "no-store"
    assert copy["Metadata"] == {
        "sender": "acme",
        "batch": "7",
        "scalper-upload-id": upload.upload_id,
        "scalper-reason-code": "WRONG_TYPE",
    }
    assert rejecting.tags() == {"team": "sales", "note": "a + b"}


def test_the_record_says_where_the_file_is_now(rejecting: World) -> None:
    upload = rejecting.upload()
    rejecting.run(upload)
    item = rejecting.record(upload)
    assert item["location"] == f"s3://{QUARANTINE}/in/orders.csv"
    assert [item["location_version_id"]] == rejecting.versions(QUARANTINE)
    assert item["version_id"] == upload.version_id


def test_a_copy_is_pinned_to_the_version_and_the_entity_tag(rejecting: World) -> None:
    upload = rejecting.upload()
    rejecting.run(upload)
    [copy] = [call for call in rejecting.calls if call.operation == "CopyObject"]
    assert copy.request["CopySource"] == {
        "Bucket": INPUT,
        "Key": upload.key,
        "VersionId": upload.version_id,
    }
    assert copy.request["CopySourceIfMatch"].strip('"') == rejecting.record(upload)["etag"]


@pytest.mark.parametrize(
    "said",
    [
        {"MissingMeta": 1},
        {"Metadata": {"sender": "Gr\u00f6\u00dfe"}},
        {"Metadata": {"sender": "a\r\nx-amz-acl: public-read"}},
        {"ContentDisposition": 'attachment; filename="Gr\u00c3\u00b6\u00c3\u009fe.csv"'},
        {"ContentType": "text/csv\tx"},
        {"ContentLanguage": "x" * 5_000},
        {"ExpiresString": "tomorrow"},
    ],
    ids=lambda said: next(iter(said)),
)
def test_what_no_request_can_carry_s3_copies_itself_and_the_file_is_not_held_for_it(
    rejecting: World, said: dict[str, Any]
) -> None:
    """S3 tells in headers what it was told in a form or in bytes that no header may have."""
    tampering(rejecting, "HeadObject", lambda answer: answer.update(said))
    upload = rejecting.upload(ContentType="text/csv", Metadata={"sender": "acme"})
    rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"
    [copy] = [call.request for call in rejecting.calls if call.operation == "CopyObject"]
    assert copy["MetadataDirective"] == "COPY"
    assert not set(copy) & {"Metadata", *said}
    assert rejecting.quarantined()["Metadata"] == {"sender": "acme"}
    assert rejecting.quarantined()["ContentType"] == "text/csv"


def test_a_long_key_leaves_less_room_for_headers(rejecting: World) -> None:
    upload = rejecting.upload("é" * 512, Metadata={"k": "v" * 1_500})
    rejecting.run(upload)
    [copy] = [call.request for call in rejecting.calls if call.operation == "CopyObject"]
    assert copy["MetadataDirective"] == "COPY"
    assert rejecting.status(upload) == "QUARANTINED"


def test_forged_names_are_never_copied_by_s3_itself(rejecting: World) -> None:
    """A file whose metadata claim to be another's copy must not become one."""
    upload = rejecting.upload(Metadata={"scalper-upload-id": "0" * 32}, ContentLanguage="x" * 5_000)
    rejecting.run(upload)
    assert rejecting.quarantined()["Metadata"]["scalper-upload-id"] == upload.upload_id


METADATA_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True) | st.sampled_from(
    ["scalper-upload-id", "scalper-reason-code", "aws-chunked"]
)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=900).map(str.strip)


@given(
    metadata=st.dictionaries(METADATA_NAMES, ASCII, max_size=4).filter(
        lambda named: sum(len(k) + len(v) for k, v in named.items()) <= 2_048
    ),
    disposition=ASCII.filter(bool),
    key=st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1,
                max_size=250),
)  # fmt: skip
def test_whatever_an_uploader_says_of_a_file_it_is_set_aside_with_all_of_it_but_our_names(
    rejecting: World, metadata: dict[str, str], disposition: str, key: str
) -> None:
    upload = rejecting.upload(key, b"abc", Metadata=metadata, ContentDisposition=disposition)
    rejecting.run(upload)
    item = rejecting.record(upload)
    assert (item["status"], item["reason_code"]) == ("QUARANTINED", "WRONG_TYPE")
    copy = rejecting.quarantined(key, item["location_version_id"])
    assert copy["Body"].read() == b"abc"
    assert copy["ContentDisposition"] == disposition
    kept = copy["Metadata"]
    ours = {name: kept.pop(name, None) for name in ("scalper-upload-id", "scalper-reason-code")}
    assert kept == {name: value for name, value in metadata.items() if name not in ours}
    assert ours in (
        {"scalper-upload-id": upload.upload_id, "scalper-reason-code": "WRONG_TYPE"},
        {"scalper-upload-id": None, "scalper-reason-code": None},
    )


@pytest.mark.parametrize("room", [0, 1, 60, 200])
def test_metadata_near_the_limit_of_s3_is_kept_whole_and_ours_added_only_where_there_is_room(
    rejecting: World, room: int
) -> None:
    own = {"k": "v" * (2_048 - 1 - room)}
    upload = rejecting.upload(Metadata=own)
    rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"
    metadata = rejecting.quarantined()["Metadata"]
    assert metadata["k"] == own["k"]
    assert ("scalper-upload-id" in metadata) is (room == 200)
    assert sum(len(k) + len(v) for k, v in metadata.items()) <= 2_048


# When the copy is not the file.


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda head: head.update(ContentLength=7), "ContentLength 8 became 7"),
        (lambda head: head.update(ContentLength=0), "ContentLength 8 became 0"),
    ],
)
def test_a_copy_of_another_size_is_removed_and_the_file_stays(
    rejecting: World, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    upload = rejecting.upload()
    tampering(rejecting, "HeadObject", change, at=2)
    with pytest.raises(
        Fault, match="CANNOT_BE_MOVED: the copy in intake-quarantine differs"
    ) as seen:
        rejecting.run(upload)
    assert words in str(seen.value)
    assert rejecting.is_in_input(upload)
    assert rejecting.versions(QUARANTINE) == []
    assert rejecting.item(upload) is None


@pytest.mark.parametrize(
    ("source", "copy", "differs"),
    [
        ({"ChecksumCRC64NVME": "a", "ChecksumType": "FULL_OBJECT"},) * 2 + (False,),
        (
            {"ChecksumCRC64NVME": "a", "ChecksumType": "FULL_OBJECT"},
            {"ChecksumCRC64NVME": "b", "ChecksumType": "FULL_OBJECT"},
            True,
        ),
        (
            {"ChecksumSHA256": "a", "ChecksumType": "FULL_OBJECT"},
            {"ChecksumCRC64NVME": "b", "ChecksumType": "FULL_OBJECT"},
            False,
        ),
        # What was cut differently sums up differently.
        (
            {"ChecksumCRC32": "a-3", "ChecksumType": "COMPOSITE"},
            {"ChecksumCRC32": "b", "ChecksumType": "FULL_OBJECT"},
            False,
        ),
        (
            {"ChecksumCRC32": "a-3", "ChecksumType": "COMPOSITE"},
            {"ChecksumCRC32": "b-2", "ChecksumType": "COMPOSITE"},
            False,
        ),
        ({}, {"ChecksumCRC32": "b", "ChecksumType": "FULL_OBJECT"}, False),
        ({"ETag": '"other"'}, {"ETag": '"another"'}, False),
    ],
)
def test_checksums_of_whole_objects_are_compared_and_no_others(
    rejecting: World, source: dict[str, str], copy: dict[str, str], differs: bool
) -> None:
    def answer(values: dict[str, str]) -> Callable[[dict[str, Any]], None]:
        def change(head: dict[str, Any]) -> None:
            for name in [n for n in head if n.startswith("Checksum")]:
                del head[name]
            head.update(values)
            if "ETag" in values:
                head["ETag"] = head["ETag"] if values is source else values["ETag"]

        return change

    upload = rejecting.upload()
    etag = upload.record["s3"]["object"]["eTag"]
    source = {**source, "ETag": f'"{etag}"'} if "ETag" in source else source
    tampering(rejecting, "HeadObject", answer(source), at=1)
    tampering(rejecting, "HeadObject", answer(copy), at=2)
    if differs:
        with pytest.raises(Fault, match="ChecksumCRC64NVME a became b"):
            rejecting.run(upload)
    else:
        rejecting.run(upload)
    assert rejecting.is_in_input(upload) is differs
    assert len(rejecting.versions(QUARANTINE)) == (0 if differs else 1)


def test_a_copy_that_vanishes_before_it_is_checked_is_tried_again(rejecting: World) -> None:
    upload = rejecting.upload()

    def lose(**_: Any) -> None:
        rejecting.delete_copy(upload.key, rejecting.versions(QUARANTINE)[0])

    rejecting.aws.hook("after-call.s3.CopyObject", lose)
    with pytest.raises(Fault, match="AWS_ERROR: the copy in intake-quarantine has vanished"):
        rejecting.run(upload)
    rejecting.aws.forget_hooks()
    rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"


# When it cannot be moved.


@pytest.mark.parametrize("call", ["s3.CopyObject", "s3.HeadObject", "s3.ListObjectVersions"])
def test_what_s3_refuses_for_good_is_held_with_the_reason_and_the_cause(
    rejecting: World, call: str
) -> None:
    upload = rejecting.upload()
    with rejecting.failing(call, times=99, error=refused("InvalidObjectState")):
        with pytest.raises(Fault) as seen:
            rejecting.run(upload)
        assert seen.value.code is Code.CANNOT_BE_MOVED
        rejecting.rescue(upload, "failed_process")
    item = rejecting.record(upload)
    assert (item["status"], item["reason_code"]) == ("HELD", "CANNOT_BE_MOVED")
    assert "InvalidObjectState" in item["reason"]
    assert "It was to be set aside: PROCESS_FAILED: process raised KeyError" in item["reason"]
    assert rejecting.is_in_input(upload)
    assert rejecting.versions(QUARANTINE) == []
    assert rejecting.told() == ["HELD"]


def test_what_s3_cannot_do_now_is_tried_again_and_never_held_for_it(world: World) -> None:
    upload = world.upload()
    with (
        world.failing("s3.CopyObject", times=99, error=refused("SlowDown", 503)),
        pytest.raises(Fault, match="AWS_ERROR"),
    ):
        world.rescue(upload, "failed_process")
    assert world.item(upload) is None
    world.rescue(upload, "failed_process")
    assert world.status(upload) == "QUARANTINED"


def test_a_missing_quarantine_bucket_is_no_missing_file(rejecting: World) -> None:
    rejecting.environment["SCALPER_QUARANTINE_BUCKET"] = "deleted-by-hand"
    rejecting.deploy(rules=REJECT)
    upload = rejecting.upload()
    with pytest.raises(Fault, match="NoSuchBucket") as seen:
        rejecting.run(upload)
    assert seen.value.code is Code.CANNOT_BE_MOVED
    assert rejecting.is_in_input(upload)


def test_an_outage_of_s3_while_holding_does_not_stop_the_record(world: World) -> None:
    upload = world.upload()
    with world.failing("s3.HeadObject", times=99):
        world.rescue(upload, "failed_aws")
    assert world.status(upload) == "HELD"
    assert world.told() == ["HELD"]


def test_a_refusal_while_holding_is_not_taken_for_a_missing_file(world: World) -> None:
    upload = world.upload()
    with world.failing("s3.HeadObject", times=99, error=refused("403")):
        world.rescue(upload, "failed_aws")
    assert world.status(upload) == "HELD"


# When it is tried again, and among other files.


def copy_of(world: World, upload: Uploaded) -> str:
    return world.pipeline.quarantine.copy_of(parse(upload.record, INPUT), "BAD").version_id


def test_a_repeated_try_finds_the_copy_that_it_made(world: World) -> None:
    upload = world.upload()
    first = copy_of(world, upload)
    assert copy_of(world, upload) == first
    assert world.versions(QUARANTINE) == [first]


@pytest.mark.parametrize("call", ["s3.CopyObject", "s3.CompleteMultipartUpload"])
@pytest.mark.parametrize("times", [1, 3, 9])
def test_a_copy_whose_answer_is_lost_is_found_and_not_made_again(
    rejecting: World, request: pytest.FixtureRequest, call: str, times: int
) -> None:
    if call == "s3.CompleteMultipartUpload":
        request.getfixturevalue("small_parts")
    upload = rejecting.upload(body=BIG)
    with rejecting.losing_answers(call, times=times):
        rejecting.run(upload)
    assert rejecting.versions(QUARANTINE) == [rejecting.record(upload)["location_version_id"]]
    assert rejecting.unfinished_uploads() == []
    assert rejecting.called().count(call) == 1
    assert rejecting.pauses == [1]


def test_a_copy_that_was_not_made_is_tried_again_a_few_times_and_looked_for_in_between(
    rejecting: World,
) -> None:
    upload = rejecting.upload()
    with rejecting.failing("s3.CopyObject", times=3, error=refused("SlowDown", 503)):
        rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"
    assert rejecting.pauses == [1, 2, 3]
    looked_and_made = [c for c in rejecting.called() if c.endswith(("Versions", "CopyObject"))]
    assert looked_and_made == ["s3.ListObjectVersions", "s3.CopyObject"] * 4


def test_a_copy_that_is_never_made_is_a_fault_after_four_tries(rejecting: World) -> None:
    with (
        rejecting.failing("s3.CopyObject", times=99, error=refused("SlowDown", 503)),
        pytest.raises(Fault, match="AWS_ERROR: S3 CopyObject answered SlowDown"),
    ):
        rejecting.run(rejecting.upload())
    assert rejecting.called().count("s3.CopyObject") == backoff.TRIES == 4


def test_a_copy_that_s3_refuses_for_good_is_tried_once(rejecting: World) -> None:
    with (
        rejecting.failing("s3.CopyObject", times=99, error=refused("InvalidObjectState")),
        pytest.raises(Fault, match="CANNOT_BE_MOVED"),
    ):
        rejecting.run(rejecting.upload())
    assert rejecting.called().count("s3.CopyObject") == 1
    assert rejecting.pauses == []


def test_reads_are_tried_again_by_botocore(rejecting: World) -> None:
    upload = rejecting.upload()
    with rejecting.losing_answers("s3.HeadObject"):
        rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"
    assert rejecting.pauses == []


def test_of_two_copies_the_older_is_found_so_that_all_find_the_same(world: World) -> None:
    upload = world.upload()
    first = copy_of(world, upload)
    world.duplicate_copy(upload.key, first)
    assert len(world.versions(QUARANTINE)) == 2
    assert copy_of(world, upload) == first


def test_a_copy_of_another_upload_of_the_key_is_never_taken_for_this_ones(world: World) -> None:
    uploads = [world.upload(body=b"same size %d" % n) for n in range(4)]
    copies = [copy_of(world, upload) for upload in uploads]
    assert len(set(copies)) == 4
    assert [copy_of(world, upload) for upload in uploads] == copies
    for upload, copy, n in zip(uploads, copies, range(4), strict=True):
        body = world.quarantined(upload.key, copy)["Body"].read()
        assert body == b"same size %d" % n


def test_a_key_that_begins_another_is_not_mixed_up_with_it(world: World) -> None:
    keys = ["in/a", "in/a.csv", "in/a/b", "in/", "in/a\U0001f3ac"]
    uploads = [world.upload(key, body=b"12345678") for key in keys]
    copies = {upload.key: copy_of(world, upload) for upload in uploads}
    assert {upload.key: copy_of(world, upload) for upload in uploads} == copies
    for key in keys:
        assert world.versions(QUARANTINE, key) == [copies[key]]
    world.deploy()
    world.forget_calls()
    copy_of(world, uploads[0])
    assert world.called() == ["s3.ListObjectVersions", "s3.HeadObject"], "others are not looked at"


def test_a_key_with_hundreds_of_versions_in_quarantine_costs_no_listing_of_them_all(
    world: World,
) -> None:
    for _ in range(60):
        world.put_copy("in/orders.csv", b"another")
    world.age_copies(days=3)
    upload = world.upload()
    world.forget_calls()
    copy = copy_of(world, upload)
    assert world.called().count("s3.ListObjectVersions") == 1
    assert world.called().count("s3.HeadObject") == 2
    assert copy_of(world, upload) == copy


def test_a_copy_beyond_the_first_page_of_versions_is_found(world: World) -> None:
    upload = world.upload()
    copy = copy_of(world, upload)
    for _ in range(60):
        world.put_copy(upload.key, b"of another size")
    assert copy_of(world, upload) == copy


def test_metadata_that_an_uploader_forged_do_not_make_a_copy_of_it(world: World) -> None:
    """Forged on the upload itself they are overwritten, also when there is no room for ours."""
    victim = world.upload(body=b"12345678")
    forged = {"scalper-upload-id": victim.upload_id, "scalper-reason-code": "FINE"}
    world.deploy(rules=REJECT)
    for padding in ({}, {"k": "v" * 1_973}):
        world.run(world.upload(body=b"87654321", Metadata={**forged, **padding}), "request-0")

    copy = copy_of(world, victim)

    assert world.quarantined(version_id=copy)["Body"].read() == b"12345678"
    metadata = [
        world.quarantined(version_id=v)["Metadata"] for v in world.versions(QUARANTINE) if v != copy
    ]
    assert all(m.get("scalper-upload-id") != victim.upload_id for m in metadata)
    assert all(m.get("scalper-reason-code") != "FINE" for m in metadata)


def test_a_duplicate_that_makes_a_second_copy_removes_it_again(rejecting: World) -> None:
    """Both deliveries list before either copies."""
    upload = rejecting.upload()
    event = parse(upload.record, INPUT)
    first = rejecting.deploy(rules=REJECT)
    second = rejecting.deploy(rules=REJECT)
    second.quarantine._find = lambda upload: None  # type: ignore[method-assign]
    second.quarantine.delete_input = lambda upload: None  # type: ignore[method-assign]
    second.fates.reject(Delivery(event, "request-2", time.monotonic()), "BAD", "why")
    recorded = rejecting.record(upload)["location_version_id"]

    first.quarantine._find = lambda upload: None  # type: ignore[method-assign]
    first.fates.reject(Delivery(event, "request-1", time.monotonic()), "BAD", "why")

    assert rejecting.versions(QUARANTINE) == [recorded]
    assert rejecting.told() == ["QUARANTINED"]
    assert not rejecting.is_in_input(upload)


@pytest.mark.parametrize("each_on_its_own", [False, True], ids=["one instance", "eighty"])
def test_a_key_that_is_uploaded_again_and_again_costs_no_more_for_each_upload(
    rejecting: World, *, each_on_its_own: bool
) -> None:
    """Of one size, so that each copy could be of each upload."""
    uploads = [rejecting.upload() for _ in range(80)]
    costs = []
    for number, upload in enumerate(uploads):
        if each_on_its_own:
            rejecting.deploy(rules=REJECT)
        rejecting.forget_calls()
        rejecting.run(upload, f"request-{number}")
        costs.append(len(rejecting.called()))
    # List, look at the file, copy, check, record, delete, publish; then, list two pages and look
    # at ten copies that another instance has made.
    assert max(costs) <= 7 + 1 + (10 if each_on_its_own else 0)
    recorded = {rejecting.record(upload)["location_version_id"] for upload in uploads}
    assert set(rejecting.versions(QUARANTINE)) == recorded
    assert len(recorded) == 80


# More than one call can copy.


def test_a_file_too_large_for_one_call_is_copied_in_parts_with_all_that_belongs_to_it(
    rejecting: World, small_parts: None, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = rejecting.upload(
        body=BIG,
        ContentType="text/csv",
        CacheControl="no-store",
        Metadata={"sender": "acme"},
        Tagging="team=sales&note=a%20%2B%20b",
    )
    rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"
    assert "s3.CopyObject" not in rejecting.called()
    assert "without the annotations that it may have: 'in/orders.csv'" in capsys.readouterr().out
    assert rejecting.called().count("s3.UploadPartCopy") == 3
    ranges = sorted(
        (c.request["PartNumber"], c.request["CopySourceRange"])
        for c in rejecting.calls
        if c.operation == "UploadPartCopy"
    )
    five = 5 * 1024
    assert ranges == [
        (1, f"bytes=0-{five - 1}"),
        (2, f"bytes={five}-{2 * five - 1}"),
        (3, f"bytes={2 * five}-{len(BIG) - 1}"),
    ]
    assert all(
        c.request["CopySource"]["VersionId"] == upload.version_id and c.request["CopySourceIfMatch"]
        for c in rejecting.calls
        if c.operation == "UploadPartCopy"
    )
    copy = rejecting.quarantined()
    assert copy["Body"].read() == BIG
    assert copy["ContentType"] == "text/csv"
    assert copy["Metadata"]["sender"] == "acme"
    assert copy["Metadata"]["scalper-upload-id"] == upload.upload_id
    assert rejecting.tags() == {"team": "sales", "note": "a + b"}
    assert rejecting.versions(INPUT) == []


def test_exactly_what_one_call_takes_is_copied_in_one_call(
    rejecting: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "ONE_CALL_BYTES", 8)
    rejecting.run(rejecting.upload(body=b"12345678"))
    assert "s3.CopyObject" in rejecting.called()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("s3.CreateMultipartUpload", None),
        ("s3.UploadPartCopy", Crash()),
        ("s3.UploadPartCopy", refused("AccessDenied")),
        ("s3.CompleteMultipartUpload", None),
    ],
)
def test_parts_of_a_copy_that_fails_are_not_left_to_be_paid_for(
    rejecting: World, small_parts: None, call: str, error: BaseException | None
) -> None:
    upload = rejecting.upload(body=BIG)
    with rejecting.failing(call, error=error, times=9), pytest.raises((Fault, Crash)):
        rejecting.run(upload)
    assert rejecting.unfinished_uploads() == []
    assert rejecting.is_in_input(upload)
    assert rejecting.versions(QUARANTINE) == []
    rejecting.run(upload)
    assert rejecting.status(upload) == "QUARANTINED"


def test_a_failure_to_clean_up_is_a_fault_too(rejecting: World, small_parts: None) -> None:
    upload = rejecting.upload(body=BIG)
    with (
        rejecting.failing("s3.UploadPartCopy"),
        rejecting.failing("s3.AbortMultipartUpload"),
        pytest.raises(Fault, match="AWS_ERROR"),
    ):
        rejecting.run(upload)
    assert rejecting.is_in_input(upload)


def test_a_large_file_that_goes_away_between_its_parts_is_gone(
    rejecting: World, small_parts: None
) -> None:
    upload = rejecting.upload(body=BIG)

    def go(**_: Any) -> None:
        if rejecting.is_in_input(upload):
            rejecting.delete_input(upload)

    rejecting.aws.hook("after-call.s3.CreateMultipartUpload", go)
    rejecting.run(upload)
    assert rejecting.status(upload) == "GONE"
    assert rejecting.unfinished_uploads() == []


@pytest.mark.parametrize("size", [5 * 1024**3 + 1, 5 * 10**12, 48 * 1024**4])
def test_no_size_that_s3_takes_needs_more_parts_than_s3_takes(size: int) -> None:
    step = max(copies.PART_BYTES, -(-size // copies.MOST_PARTS))
    assert len(range(0, size, step)) <= 10_000
    assert step <= 5 * 1024**3 + 10**6


# The small questions.


def test_a_whole_copy_is_told_from_none_and_from_another(world: World) -> None:
    upload = world.upload()
    event: Upload = parse(upload.record, INPUT)
    copy = copy_of(world, upload)
    other = world.put_copy(upload.key, b"of another size")
    assert world.pipeline.quarantine.has(event, copy)
    assert not world.pipeline.quarantine.has(event, other)
    world.delete_copy(upload.key, copy)
    assert not world.pipeline.quarantine.has(event, copy)


def test_deleting_twice_is_harmless(world: World) -> None:
    upload = world.upload()
    event = parse(upload.record, INPUT)
    world.pipeline.quarantine.delete_input(event)
    world.pipeline.quarantine.delete_input(event)
    assert world.versions(INPUT) == []


def test_an_upload_that_went_away_cannot_be_copied(world: World) -> None:
    upload = world.upload()
    world.delete_input(upload)
    with pytest.raises(ObjectMissing):
        copy_of(world, upload)
    assert world.versions(QUARANTINE) == []
