"""docs/operating.md says what each command needs to be allowed; the commands do just that."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from operate import __main__ as command
from operate.act.pace import Pace
from operate.act.pause import pause as stop
from operate.web.asked import Asked, Visitor
from operate.web.routes import ROUTES, answer

from .conftest import Scalper, World
from .test_day_book import put
from .test_logs import Logs

OPERATING = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
CLIENTS = (
    "cloudwatch", "dynamodb", "lambda_", "logs", "patient_lambda", "s3", "sns", "sqs", "sts"
)  # fmt: skip
UNASKED = {"sts:GetCallerIdentity"}
"""Everybody may."""

PREFIX_OF = {"monitoring": "cloudwatch"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTION_OF = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:DeleteObject": "s3:DeleteObjectVersion",
    "s3:GetObject": "s3:GetObjectVersion",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadObject": "s3:GetObjectVersion",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""Where IAM's word is another than the call's. Objects are always named with their version."""


def status(world: World, scalper: Scalper) -> None:
    scalper("status", "--count")


def listing(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    scalper("list")


def show(world: World, scalper: Scalper) -> None:
    world.upload("a.csv")
    world.keep_event({})
    scalper("show", "a.csv")


def logs(world: World, scalper: Scalper) -> None:
    upload = world.accept("a.csv")
    Logs(world).write("processor", "one", upload.delivery.upload.upload_id)
    scalper("logs", "a.csv")


def figures(world: World, scalper: Scalper) -> None:
    Logs(world).write("processor", "one", "of no file")
    put(world, f"{datetime.now(UTC):%Y-%m-%d}")
    scalper("figures")


def figures_from_table(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    scalper("figures", "--from-table")


def find(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    scalper("find", "csv")


def export(world: World, scalper: Scalper) -> None:
    world.accept("a.csv")
    with TemporaryDirectory() as folder:
        scalper("export", "--to", f"{folder}/records.csv", "--format", "csv")


def reconcile(world: World, scalper: Scalper) -> None:
    world.s3.put_object(Bucket="quarantine", Key="stray.csv", Body=b"")
    world.keep_event({})
    scalper("reconcile", "--grace", "0s")


def retry(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    scalper("retry", "a.csv")


def release(world: World, scalper: Scalper) -> None:
    world.hold("a.csv")
    scalper("release", "--all")


def release_kept(world: World, scalper: Scalper) -> None:
    upload = world.upload("a.csv")
    world.keep_event({"requestPayload": {"requestPayload": {"Records": [upload.record]}}})
    world.keep_event({"requestPayload": "of nobody"})
    world.keep_event({"Retry": {"object_key": "a.csv", "upload_id": "F" * 32, "retries": 0}})
    scalper("release", "--kept-events")


def discard(world: World, scalper: Scalper) -> None:
    world.reject("a.csv")
    scalper("discard", "a.csv", "--yes")
    world.hold("b.csv")
    scalper("discard", "--reason", "AWS_ERROR", "--yes")


def download(world: World, scalper: Scalper) -> None:
    world.reject("a.csv")
    with TemporaryDirectory() as folder:
        scalper("download", "a.csv", "--to", folder)
        scalper("download", "--reason", "WRONG_TYPE", "--to", folder)


def pause(world: World, scalper: Scalper) -> None:
    scalper("pause")
    scalper("pause")


def resume(world: World, scalper: Scalper) -> None:
    for reserved in (5, None):
        if reserved:
            world.lambda_.put_function_concurrency(
                FunctionName="processor", ReservedConcurrentExecutions=reserved
            )
        stop(world.deployment)
        world.hold(f"{reserved}.csv", "NOT_STARTED")
        scalper("resume")
        world.lambda_.delete_function_concurrency(FunctionName="processor")


def repair(world: World, scalper: Scalper) -> None:
    reconcile(world, scalper)
    world.upload("lost.csv")
    scalper("reconcile", "--grace", "0s", "--repair")


def backfill(world: World, scalper: Scalper) -> None:
    world.upload("lost.csv")
    world.keep_event({})
    scalper("backfill", "--grace", "0s")


def web(world: World, scalper: Scalper) -> None:
    """Everything that its page can ask for."""
    upload, old = world.hold("a.csv"), world.reject("b.csv")
    world.upload("unrecorded.csv")
    world.keep_event({})
    Logs(world).write("processor", "one", upload.delivery.upload.upload_id)
    named = {"key": "a.csv", "upload_id": upload.delivery.upload.upload_id}
    thrown = {"key": "b.csv", "upload_id": old.delivery.upload.upload_id}
    questions: dict[str, Any] = {
        "/api/file": {"key": ["unrecorded.csv"]},
        "/api/logs": {"key": ["a.csv"]},
        "/api/find": {"text": ["a"]},
    }
    deeds: dict[str, Any] = {
        "/api/download": named,
        "/api/retry": {"files": [named], "dry_run": False},
        "/api/discard": {"files": [thrown], "dry_run": False},
    }
    scalper(lambda: ask_everything(world, questions, deeds))
    scalper(lambda: ask_everything(world, {**questions, "/api/file": {"key": ["a.csv"]}}, {}))


def ask_everything(world: World, questions: dict[str, Any], deeds: dict[str, Any]) -> None:
    for route in ROUTES:
        if route.method == "GET" or route.path in deeds:
            given = questions.get(route.path, {}), deeds.get(route.path)
            asked = Asked(Visitor("ada", may_act=True), *given)
            status, told = answer(lambda: world.deployment, route.method, route.path, asked)
            assert status == 200, told


def trying(world: World, scalper: Scalper) -> None:
    scalper("try", __file__, "--outputs", "outputs.json")


SCENES: dict[str, Callable[[World, Scalper], None]] = {
    "status": status,
    "list": listing,
    "show": show,
    "logs": logs,
    "figures": figures,
    "figures --from-table": figures_from_table,
    "export": export,
    "find": find,
    "web": web,
    "retry": retry,
    "release": release,
    "release --kept-events": release_kept,
    "discard": discard,
    "download": download,
    "pause": pause,
    "resume": resume,
    "try --outputs": trying,
    "reconcile": reconcile,
    "reconcile --repair": repair,
    "backfill": backfill,
}


def documented() -> dict[str, set[str]]:
    section = OPERATING.partition("## What each command needs to be allowed")[2]
    rows = re.findall(r"^\| `([a-z -]+)` \| (.+) \|$", section.partition("\n## ")[0], re.MULTILINE)
    return {name: set(re.findall(r"`([a-z0-9]+:\w+)`", actions)) for name, actions in rows}


@contextmanager
def recorded(world: World) -> Iterator[set[str]]:
    """The actions that the operator's clients ask for meanwhile."""
    actions: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        call = f"{PREFIX_OF.get(service := model.service_model.signing_name, service)}:{model.name}"
        actions.add(ACTION_OF.get(call, call))

    emitters = [getattr(world.clients, name).meta.events for name in CLIENTS]
    for emitter in emitters:
        emitter.register("before-parameter-build", note)
    try:
        yield actions
    finally:
        for emitter in emitters:
            emitter.unregister("before-parameter-build", note)


@pytest.mark.parametrize("name", SCENES)
def test_a_command_asks_for_what_is_documented_and_nothing_else(
    world: World, scalper: Scalper, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Pace, "wait", lambda pace: None)
    calls: set[str] = set()

    def typed(*arguments: Any, **more: Any) -> Any:
        with recorded(world) as actions:
            answer = arguments[0]() if callable(arguments[0]) else scalper(*arguments, **more)
        calls.update(actions)
        return answer

    SCENES[name](world, typed)
    assert calls - UNASKED == documented()[name]


def test_every_command_is_documented() -> None:
    assert documented().keys() == SCENES.keys()
    commands = {scene.partition(" ")[0] for scene in SCENES}
    assert command.scalper.commands.keys() - commands == {"cost"}, "which asks nobody"


def test_every_command_that_asks_aws_has_a_scene() -> None:
    local = {"cost"}
    asking = {name.partition(" ")[0] for name in SCENES}
    assert asking == command.scalper.commands.keys() - local, "add what it needs to SCENES"
