"""Which files are taken: from the name and the size alone."""

from typing import Any
from urllib.parse import quote_plus

import pytest

from handler.doors.s3_notification import parse
from handler.model.errors import Rejection
from handler.model.event import Upload
from handler.model.rules import Rules

from .world import INPUT, saved_event


def upload(key: str, size: int = 100) -> Upload:
    record: dict[str, Any] = saved_event("s3_put")["Records"][0]
    record["s3"]["object"] |= {"key": quote_plus(key), "size": size}
    return parse(record, INPUT)


@pytest.mark.parametrize(
    ("rules", "key", "size", "code"),
    [
        ({}, "in/a.csv", 1, None),
        ({}, "in/without-a-type", 1, None),
        ({}, "in/a.csv", 0, "EMPTY_FILE"),
        ({"accept_empty": True}, "in/a.csv", 0, None),
        ({"accept_empty": True, "min_size_bytes": 10}, "in/a.csv", 0, None),
        ({"min_size_bytes": 10}, "in/a.csv", 0, "EMPTY_FILE"),
        ({"min_size_bytes": 10}, "in/a.csv", 1, "TOO_SMALL"),
        ({"min_size_bytes": 10}, "in/a.csv", 9, "TOO_SMALL"),
        ({"min_size_bytes": 10}, "in/a.csv", 10, None),
        ({"max_size_bytes": 10}, "in/a.csv", 10, None),
        ({"max_size_bytes": 10}, "in/a.csv", 11, "TOO_LARGE"),
        ({"max_size_bytes": 10}, "in/a.csv", 5 * 10**12, "TOO_LARGE"),
        ({"accepted_types": ["csv"]}, "in/a.csv", 1, None),
        ({"accepted_types": ["csv"]}, "in/A.CSV", 1, None),
        ({"accepted_types": ["csv"]}, "in/acsv", 1, "WRONG_TYPE"),
        ({"accepted_types": ["csv"]}, "in.csv/a", 1, "WRONG_TYPE"),
        ({"accepted_types": ["csv"]}, "in/a.csv.exe", 1, "WRONG_TYPE"),
        ({"accepted_types": ["csv"]}, "in/a.csv ", 1, "WRONG_TYPE"),
        ({"accepted_types": ["csv"]}, "in/none", 1, "WRONG_TYPE"),
        ({"accepted_types": ["tar.gz"]}, "in/a.tar.gz", 1, None),
        ({"accepted_types": ["tar.gz"]}, "in/a.gz", 1, "WRONG_TYPE"),
        ({"accepted_types": ["gz"]}, "in/a.tar.gz", 1, None),
        # The type is looked at first: it is what the sender can see.
        ({"accepted_types": ["csv"], "max_size_bytes": 1}, "in/a.exe", 9, "WRONG_TYPE"),
        ({"accepted_types": ["csv"]}, "in/a.exe", 0, "WRONG_TYPE"),
    ],
)
def test_a_rule_takes_or_rejects(
    rules: dict[str, Any], key: str, size: int, code: str | None
) -> None:
    if code is None:
        Rules(**rules).check(upload(key, size))
        return
    with pytest.raises(Rejection) as seen:
        Rules(**rules).check(upload(key, size))
    assert seen.value.code == code


@pytest.mark.parametrize(
    ("rules", "key", "size", "reason"),
    [
        ({}, "a", 0, "The file is empty (0 bytes)."),
        (
            {"max_size_bytes": 1_000},
            "a",
            2_500,
            "The file has 2,500 bytes; at most 1,000 are accepted.",
        ),
        (
            {"min_size_bytes": 1_000},
            "a",
            5,
            "The file has 5 bytes; at least 1,000 are required.",
        ),
        (
            {"accepted_types": ["csv", "tar.gz"]},
            "a.exe",
            5,
            "Files of type 'exe' are not accepted here. Accepted: csv, tar.gz.",
        ),
    ],
)
def test_a_reason_gives_the_limit_and_the_value(
    rules: dict[str, Any], key: str, size: int, reason: str
) -> None:
    with pytest.raises(Rejection) as seen:
        Rules(**rules).check(upload(key, size))
    assert seen.value.reason == reason


@pytest.mark.parametrize(
    ("patterns", "key", "size", "ignored"),
    [
        ([], "in/a.csv", 1, False),
        ([], "in/folder/", 0, True),
        ([], "in/folder/", 1, False),
        ([], "warehouse/day=1_$folder$", 0, True),
        ([], "warehouse/day=1_$folder$", 1, False),
        ([], "malware-protection-resource-validation-object", 0, True),
        ([], "malware-protection-resource-validation-object", 1, False),
        ([], "in/malware-protection-resource-validation-object", 0, False),
        ([], "in/empty", 0, False),
        (["*.tmp"], "in/deep/a.tmp", 1, True),
        (["*.tmp"], "in/a.TMP", 1, False),
        (["*/_temporary/*"], "in/_temporary/0/part", 1, True),
        (["in/*"], "out/a", 1, False),
        (["*.tmp", "*.crdownload"], "a.crdownload", 1, True),
        (["a?.csv"], "ab.csv", 1, True),
        (["a?.csv"], "abc.csv", 1, False),
        (["[!a]*"], "b", 1, True),
        (["report (1).csv"], "report (1).csv", 1, True),
        (["*"], "new\nline", 1, True),
    ],
)
def test_a_key_is_ignored(patterns: list[str], key: str, size: int, ignored: bool) -> None:
    assert Rules(ignore_patterns=patterns).ignores(upload(key, size)) is ignored


def test_an_empty_object_that_is_replaced_a_moment_later_is_no_file_where_it_is_said() -> None:
    """As s3fs and SFTP gateways write: what follows has an event and a fate of its own."""
    assert not Rules().ignores(upload("in/a.csv", 0))
    rules = Rules(ignore_empty=True)
    assert rules.ignores(upload("in/a.csv", 0))
    assert not rules.ignores(upload("in/a.csv", 1))


@pytest.mark.parametrize(
    ("key", "file_name", "file_type"),
    [
        ("a.csv", "a.csv", "csv"),
        ("in/a.tar.GZ", "a.tar.GZ", "gz"),
        ("in/.bashrc", ".bashrc", "none"),
        ("in/a.", "a.", "none"),
        ("in/a", "a", "none"),
        ("in/folder/", "folder", "none"),
        ("//", "//", "none"),
        ("in/a.ÄÖ", "a.ÄÖ", "äö"),
    ],
)
def test_a_name_and_a_type_come_from_the_key(key: str, file_name: str, file_type: str) -> None:
    assert (upload(key).file_name, upload(key).file_type) == (file_name, file_type)


@pytest.mark.parametrize("text", ["[]", "7", '"csv"', "null"])
def test_rules_that_are_no_map_are_called_that(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a map of rules$"):
        Rules.read(text)


def test_everything_that_is_wrong_with_the_rules_is_said_at_once() -> None:
    with pytest.raises(ValueError) as seen:  # noqa: PT011 - its text follows
        Rules.read('{"accept_empty": "no", "colour": "red"}')
    first, second = str(seen.value).split("; ")
    assert first.startswith("accept_empty must be true or false")
    assert second == "colour is not an argument"
