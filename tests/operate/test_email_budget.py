"""The item of the e-mail budget is no file, and no file can be taken for it."""

from pathlib import Path

import pytest

from handler.aws.email_budget import BUDGET_KEY

from .conftest import Scalper, World

KEYS = ("scalper:email-budget", BUDGET_KEY.rstrip(". "))


@pytest.fixture
def in_use(world: World) -> World:
    """A table in which e-mails have places."""
    world.accept("mailed.csv")
    items = world.dynamodb.scan(TableName="records")["Items"]
    assert BUDGET_KEY in [item["object_key"]["S"] for item in items]
    return world


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("command", ["show", "retry --dry-run", "download", "discard --yes"])
def test_a_file_named_like_the_budget_is_like_any_file(
    in_use: World, scalper: Scalper, tmp_path: Path, command: str, key: str
) -> None:
    said = []
    for name in (key, "a.csv"):
        in_use.reject(name)
        to = ["--to", str(tmp_path / "files")] if command == "download" else []
        answer = scalper(*command.split(), *to, "--", name)
        said.append((answer.exit_code, answer.output.replace(name, "NAME").count("NAME") > 0))
        assert "Error" not in answer.output
    assert said[0] == said[1]


def test_nobody_lists_or_counts_the_budget(in_use: World, scalper: Scalper) -> None:
    in_use.reject("a.csv")
    for command in (("list",), ("status",), ("reconcile", "--grace", "0s")):
        assert "scalper:email-budget" not in scalper(*command).output
    assert in_use.findings() == []
