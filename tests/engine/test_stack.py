"""One stack from its first preview to its end."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.engine.workspace import UNKNOWN, Engine, Outcome, Stack, check_out, in_aws, name_in


@dataclass(frozen=True)
class Deployed:
    """A stack that is up, and what was said before."""

    stack: Stack
    previewed: Outcome
    made: Outcome


@pytest.fixture(scope="module")
def deployed(new_stack: Callable[..., Stack]) -> Deployed:
    stack = new_stack()
    previewed = stack.preview()
    # After every up a file goes through, or it counts as failed.
    return Deployed(stack, previewed, stack.up())


def test_a_preview_of_a_new_stack_makes_nothing_and_knows_what_it_cannot_know(
    deployed: Deployed,
) -> None:
    previewed = deployed.previewed
    assert {operation for operation, _ in previewed.changes} == {"create"}
    bucket = previewed.outputs["intake-input"]
    assert bucket["arn"] == UNKNOWN
    assert bucket["bucket"].startswith("intake-input-")
    for name in ("intake-processor-policy", "intake-input-policy", "intake-kept-events-policy"):
        # What is made from the ARN of something else is as unknown as that.
        assert previewed.inputs[name]["policy"] == UNKNOWN


def test_up_makes_exactly_what_the_preview_said(deployed: Deployed) -> None:
    assert deployed.made.steps == deployed.previewed.steps


def test_a_preview_without_a_change_is_empty(deployed: Deployed) -> None:
    assert deployed.stack.preview(expect_no_changes=True).changes == set()


def test_a_fresh_clone_in_another_place_previews_no_change(
    engine: Engine, deployed: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = check_out(tmp_path_factory.mktemp("elsewhere") / "it")
    for folder in ("handler", "components", "examples/process"):
        # As after a run of the tests: what Python leaves behind is no change of the code.
        (clone / folder / "__pycache__").mkdir()
        (clone / folder / "__pycache__" / "main.cpython-312.pyc").write_bytes(b"\0")
    assert Stack(engine, clone).preview(expect_no_changes=True).changes == set()


def test_more_memory_touches_the_processor_alone(deployed: Deployed) -> None:
    deployed.stack.configure(memory_mb=1024)
    assert deployed.stack.up().changes == {("update", "intake-processor")}


def test_what_somebody_changed_by_hand_is_found_by_a_refresh_and_put_back_by_up(
    engine: Engine, deployed: Deployed
) -> None:
    stack, ids = deployed.stack, deployed.stack.ids()
    assert stack.refresh(expect_no_changes=True).changes == set()
    engine.cloud.lambda_.update_function_configuration(
        FunctionName=ids["intake-rescuer"], Timeout=3
    )
    engine.cloud.s3.delete_public_access_block(Bucket=ids["intake-quarantine"])
    engine.cloud.cloudwatch.delete_alarms(AlarmNames=[ids["intake-files-held"]])
    assert stack.refresh().changes == {
        ("update", "intake-rescuer"),
        ("delete", "intake-quarantine-public-access"),
        ("delete", "intake-files-held"),
    }
    assert stack.up().changes == {
        ("update", "intake-rescuer"),
        ("create", "intake-quarantine-public-access"),
        ("create", "intake-files-held"),
    }


def test_an_unprotected_stack_is_destroyed_whole_with_the_files_in_its_buckets(
    engine: Engine, deployed: Deployed
) -> None:
    """The last test of this file, for it ends the stack."""
    stack, exports = deployed.stack, deployed.stack.exports
    for body in (b"", b"again"):
        # Two versions in the input bucket, and one copy in quarantine.
        engine.cloud.s3.put_object(Bucket=exports["input_bucket"], Key="set.exe", Body=body)
    assert stack.fate_of(exports["metadata_table"], "set.exe") == "QUARANTINED"
    made = stack.resources()
    there = {name_in(it["urn"]) for it in in_aws(made)}
    assert engine.left_of(made) == there >= {"intake-input", "intake-processor"}
    assert {operation for operation, _ in stack.destroy().changes} == {"delete"}
    assert stack.resources() == []
    assert engine.left_of(made) == set()
