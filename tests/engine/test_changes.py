"""What people change in a stack touches only what it should, there and back again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.engine.workspace import Change, Stack

pytestmark = pytest.mark.heavy

FUNCTIONS = ("intake-processor", "intake-rescuer", "intake-checker")
EVERY_FUNCTION = {("update", name) for name in FUNCTIONS}
BACK = {"create": "delete", "delete": "create"}


@dataclass(frozen=True)
class Case:
    """A change of the arguments or of a file of the program, and what it may touch."""

    name: str
    touches: set[Change]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    edited: str = ""


CASES = [
    Case(
        "logs are kept for a shorter time",
        {("update", f"{name}-logs") for name in FUNCTIONS},
        {"log_retention_days": 7},
    ),
    Case(
        "quarantined files are kept longer",
        {("update", "intake-quarantine-lifecycle")},
        {"quarantine_retention_days": 90},
    ),
    Case(
        "uploaded files expire", {("update", "intake-input-lifecycle")}, {"input_retention_days": 9}
    ),
    Case("records expire", EVERY_FUNCTION, {"record_retention_days": 400}),
    Case(
        "an e-mail is put in front of the others",
        {("create", "intake-ScalperAlerts-first@example.com")},
        {"alert_emails": ["first@example.com", "you@example.com"]},
    ),
    Case(
        "nobody is told by e-mail any more",
        {("delete", "intake-ScalperAlerts-you@example.com"), *EVERY_FUNCTION},
        {"alert_emails": []},
    ),
    Case(
        "only a prefix is dealt with", {("update", "intake-input-notification")}, {"prefix": "in/"}
    ),
    Case("a rule for files changes", EVERY_FUNCTION, {"max_size_bytes": 1000}),
    Case(
        "the user's code changes",
        {("update", "intake-processor")},
        edited="examples/process/main.py",
    ),
    Case("the handler's code changes", EVERY_FUNCTION, edited="handler/model/event.py"),
    Case(
        "files are tried again sooner",
        {("update", "intake-rescuer")},
        {"retry_delays_minutes": [5, 60]},
    ),
    Case("concurrency is reserved", {("update", "intake-processor")}, {"reserved_concurrency": 5}),
    Case(
        "the table can be restored",
        {("update", "intake-FileMetadata")},
        {"point_in_time_recovery": True},
    ),
    Case(
        "the data is protected from now on",
        {("update", f"intake-{data}") for data in ("input", "quarantine", "FileMetadata")},
        {"protect_data": True},
    ),
]


@pytest.fixture(scope="module")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    stack = new_stack()
    stack.up()
    return stack


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_change_touches_only_what_it_should(stack: Stack, case: Case) -> None:
    before = stack.ids()
    change(stack, case)
    there = stack.up().changes
    stack.configure()
    undo(stack, case)
    # Before anything is asserted: the next case begins where this one began.
    and_back = stack.up().changes
    assert there == case.touches
    back = {(BACK.get(operation, operation), name) for operation, name in case.touches}
    assert and_back == back
    kept = {name: id for name, id in stack.ids().items() if ("create", name) not in back}
    assert kept.items() <= before.items()


def test_tags_reach_everything_that_takes_them_and_replace_nothing(stack: Stack) -> None:
    stack.configure(tags={"team": "data"})
    changes = stack.up().changes
    assert {operation for operation, _ in changes} == {"update"}
    tagged = {name: inputs["tags"] for name, inputs in inputs_of(stack).items() if "tags" in inputs}
    assert {name for _, name in changes} == tagged.keys()
    assert {tags.get("team") for tags in tagged.values()} == {"data"}
    stack.configure()
    assert stack.up().changes == changes


def test_a_rename_with_an_alias_moves_nothing_and_keeps_the_files(stack: Stack) -> None:
    main, before = stack.checkout / "__main__.py", stack.ids()
    text = main.read_text(encoding="utf-8")
    call = 'SilentScalperPipeline("intake", args'
    assert call in text
    alias = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(name="intake")])'
    renamed = call.replace("intake", "arrivals")
    main.write_text(text.replace(call, renamed), encoding="utf-8")
    without = stack.preview().changes
    assert ("create", "arrivals-input") in without
    assert ("delete", "intake-input") in without
    main.write_text(text.replace(call, f"{renamed}, {alias}"), encoding="utf-8")
    changes = stack.up().changes
    assert {operation for operation, _ in changes} == {"update"}
    after = {name.replace("arrivals", "intake", 1): id for name, id in stack.ids().items()}
    assert after == before
    assert stack.preview(expect_no_changes=True).changes == set()


def change(stack: Stack, case: Case) -> None:
    stack.configure(**case.arguments)
    if case.edited:
        with (stack.checkout / case.edited).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")


def undo(stack: Stack, case: Case) -> None:
    if case.edited:
        path = stack.checkout / case.edited
        text = path.read_text(encoding="utf-8").removesuffix("\n# changed\n")
        path.write_text(text, encoding="utf-8")


def inputs_of(stack: Stack) -> dict[str, dict[str, Any]]:
    return {it["urn"].split("::", 3)[3]: it.get("inputs", {}) for it in stack.resources()}
