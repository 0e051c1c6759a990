"""A file's content and a secret of the deployment are seen where the user puts them: nowhere else.

What `process` raises is the user's own text. It is a reason, so it is logged, recorded and told.
What it prints is in the log, what it returns in the record, what it reads nowhere.
"""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from handler import File, Rejection
from handler.model.errors import Fault
from handler.model.item import Item

from .world import World, fault_of

CONTENT = "canary-of-the-file"
SECRET = "canary-of-the-deployment"

Process = Callable[[File], Any]


class Seen:
    """Everywhere that anything of a file can come to light."""

    def __init__(self, world: World, log: str, texts: list[str]) -> None:
        records = [item for item in world.items() if "status" in item]
        results = [item.pop("result", None) for item in records]
        everywhere = {
            "log": log,
            "error": "".join(texts),
            "alert": "".join(
                json.dumps([a.subject, a.message, a.email, a.attributes]) for a in world.alerts()
            ),
            "result": json.dumps(results),
            "reason": json.dumps([item.pop("reason", None) for item in records]),
            "record": json.dumps(records),
            "metadata": json.dumps(_metadata(world, records)),
        }
        self.content = {place for place, text in everywhere.items() if CONTENT in text}
        self.secret = {place for place, text in everywhere.items() if SECRET in text}


def _metadata(world: World, records: list[Item]) -> list[Any]:
    return [
        world.quarantined(item["object_key"], item["location_version_id"])["Metadata"]
        for item in records
        if "location_version_id" in item
    ]


@pytest.fixture
def see(
    world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Process], Seen]:
    """Run `process` on a file with a canary, three times and then the rescuer, as Lambda does."""
    monkeypatch.setenv("DATABASE_PASSWORD", SECRET)

    def run(process: Process) -> Seen:
        world.deploy(process=process, email_on="all")
        upload = world.upload(body=f"a,b\n1,{CONTENT}\n".encode())
        texts: list[str] = []
        for _ in range(3):
            if fault := fault_of(lambda: world.run(upload)):
                texts.append(str(fault))
        if texts:
            world.rescue(upload, "failed_process", error=texts[-1])
        assert world.status(upload) in {"PROCESSED", "QUARANTINED", "HELD"}
        return Seen(world, capfd.readouterr().out, texts)

    return run


def read(file: File) -> str:
    with file.open() as stream:
        assert os.environ["DATABASE_PASSWORD"] == SECRET
        return stream.read().decode()


def accepts(file: File) -> None:
    read(file)


def rejects(file: File) -> None:
    read(file)
    raise Rejection("BAD_ROW", "Row 2 is no number.")


def fails(file: File) -> None:
    read(file)
    raise RuntimeError("row 2 is no number")


def hides_the_cause(file: File) -> None:
    try:
        raise ValueError(read(file) + os.environ["DATABASE_PASSWORD"])
    except ValueError:
        raise RuntimeError("row 2 is no number") from None


def hides_the_cause_and_rejects(file: File) -> None:
    try:
        raise ValueError(read(file) + os.environ["DATABASE_PASSWORD"])
    except ValueError as error:
        raise Rejection("BAD_ROW", "Row 2 is no number.") from error


def returns_bytes(file: File) -> Any:
    return {"rows": [read(file).encode()]}


def returns_what_is_no_json(file: File) -> Any:
    return {read(file): object(), SECRET: 1}


def returns_content_as_a_name(file: File) -> Any:
    return {read(file): {SECRET: {b"never": 1}}}


def returns_an_object_that_shows_itself(file: File) -> Any:
    text = read(file) + SECRET

    class Row:
        def __repr__(self) -> str:
            return text

    return [Row()]


def returns_too_much(file: File) -> Any:
    return read(file) * 10_000


def nests_too_deeply(file: File) -> Any:
    value: Any = read(file) + SECRET
    for _ in range(50):
        value = {read(file): value}
    return value


@pytest.mark.parametrize(
    "process",
    [
        accepts,
        rejects,
        fails,
        hides_the_cause,
        hides_the_cause_and_rejects,
        returns_bytes,
        returns_what_is_no_json,
        returns_content_as_a_name,
        returns_an_object_that_shows_itself,
        returns_too_much,
        nests_too_deeply,
    ],
)
def test_what_process_does_not_tell_is_seen_nowhere(
    see: Callable[[Process], Seen], process: Process
) -> None:
    seen = see(process)
    assert (seen.content, seen.secret) == (set(), set())


def test_what_process_prints_is_in_the_log_alone(see: Callable[[Process], Seen]) -> None:
    def process(file: File) -> None:
        print(read(file), SECRET)  # noqa: T201

    seen = see(process)
    assert (seen.content, seen.secret) == ({"log"}, {"log"})


def test_what_process_returns_is_in_the_record_alone(see: Callable[[Process], Seen]) -> None:
    seen = see(lambda file: {"text": read(file)})
    assert (seen.content, seen.secret) == ({"result"}, set())


def test_a_rejections_words_are_recorded_and_told_and_not_logged(
    see: Callable[[Process], Seen],
) -> None:
    def process(file: File) -> None:
        raise Rejection("BAD_ROW", f"Not a number: {read(file)}")

    seen = see(process)
    assert seen.content == {"reason", "alert"}


def test_what_process_raises_is_its_users_text_and_is_logged_recorded_and_told(
    see: Callable[[Process], Seen],
) -> None:
    def process(file: File) -> None:
        int(read(file))

    seen = see(process)
    assert seen.content == {"error", "log", "reason", "alert"}
    assert seen.secret == set()


def test_what_led_to_it_is_in_the_log_alone_and_there_only_if_it_is_not_taken_away(
    see: Callable[[Process], Seen],
) -> None:
    """As in Python's own traceback; `from None` takes it away, see `hides_the_cause`."""

    def process(file: File) -> None:
        try:
            raise ValueError(read(file) + os.environ["DATABASE_PASSWORD"])
        except ValueError as error:
            raise RuntimeError("row 2 is no number") from error

    seen = see(process)
    assert (seen.content, seen.secret) == ({"log"}, {"log"})


def test_a_file_that_a_rule_refuses_is_not_opened(world: World) -> None:
    world.deploy(rules={"max_size_bytes": 1}, process=lambda file: file.open())
    world.run(world.upload())
    assert "s3.GetObject" not in world.called()


def test_an_error_of_the_connection_shows_nothing_of_what_was_read(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    def process(file: File) -> None:
        with file.open() as stream:
            stream.read(10)
            stream.raw._body.read = _breaks(stream.raw._body.read)  # type: ignore[attr-defined]
            stream.read()

    world.deploy(process=process)
    upload = world.upload(body=CONTENT.encode() * 100_000)
    with pytest.raises(Fault, match="AWS_ERROR") as seen:
        world.run(upload)
    assert CONTENT not in str(seen.value) + capfd.readouterr().out


def _breaks(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    def broken(size: int) -> bytes:
        read(size)
        raise ConnectionResetError("reset by peer")

    return broken
