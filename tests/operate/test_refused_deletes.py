"""What S3 refused to delete is known to every command that meets it."""

import pytest
from rich.console import Console

from handler.aws.records import typed_item
from operate.act.actions import discarding
from operate.audit.daily import check
from operate.read.files import uploads
from operate.read.story import story
from operate.screens.story_screen import show

from .conftest import Uploaded, World

WHY = "S3 DeleteObject answered AccessDenied: Access Denied"


def left_in_input(world: World, monkeypatch: pytest.MonkeyPatch) -> Uploaded:
    """A file that was set aside and may not be deleted from the input bucket."""
    upload = world.upload("a.exe")
    monkeypatch.setattr(upload.pipeline.quarantine, "delete_input", lambda upload: None)
    upload.pipeline.fates.reject(upload.delivery, "WRONG_TYPE", "No.")
    note(world, upload, "input", upload.version_id)
    return upload


def note(world: World, upload: Uploaded, bucket: str, version_id: str) -> None:
    undeleted = [{"bucket": bucket, "version_id": version_id, "reason": WHY}]
    world.change(upload, **typed_item({"undeleted": undeleted}))


def shown(world: World, key: str) -> str:
    console = Console(width=200, record=True, soft_wrap=True)
    with console.capture() as capture:
        show(story(world.deployment, key), console)
    return capture.get()


def test_show_says_where_else_it_is_why_and_what_to_type(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = left_in_input(world, monkeypatch)
    screen = shown(world, "a.exe")
    assert f"And in    the input bucket, input, version {upload.version_id}: {WHY}" in screen
    assert "Find out what keeps S3 from deleting it: a legal hold" in screen
    assert "scalper retry a.exe" in screen
    assert "scalper discard a.exe" in screen


def test_the_daily_check_does_not_tell_of_it_every_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_in_input(world, monkeypatch)
    published: list[object] = []
    monkeypatch.setattr("operate.audit.daily._tell", lambda *args: published.append(args))
    check(world.deployment.settings, world.deployment, 0)
    assert published == []


def test_a_version_that_no_other_record_names_is_accounted_for(world: World) -> None:
    """A retry restored the file, and S3 refused to delete what was there and what was copied."""
    upload = world.accept_again("b.csv")
    item = world.item(upload)
    copy = world.s3.put_object(Bucket="quarantine", Key="b.csv", Body=b"content")["VersionId"]
    older = world.s3.put_object(Bucket="input", Key="b.csv", Body=b"content")["VersionId"]
    assert sorted(world.kinds()) == ["no-fate", "stray-copy"]
    undeleted = [
        {"bucket": bucket, "version_id": version_id, "reason": WHY}
        for bucket, version_id in (("quarantine", copy), ("input", older))
    ]
    world.change(upload, **item, **typed_item({"undeleted": undeleted}))
    assert world.kinds() == ["undeleted", "undeleted"]
    assert "Nothing. What S3 refused to delete may be deleted by hand" in shown(world, "b.csv")


def test_discard_deletes_what_was_left_and_forgets_the_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = left_in_input(world, monkeypatch)
    [item] = uploads(world.deployment, "a.exe")
    assert discarding(world.deployment, dry_run=False)(item).words == "is discarded"
    assert "undeleted" not in world.item(upload)
    assert world.kinds() == []
