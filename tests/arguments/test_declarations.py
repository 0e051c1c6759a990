"""An argument is declared once; what cannot be derived from that is named here.

docs/code.md says how to add one.
"""

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from components.checks import checked
from handler.doors.s3_notification import parse
from handler.model.errors import Code, Rejection
from handler.model.event import Upload
from handler.model.rules import Rules
from silent_scalper_arguments.rules import RuleSettings
from silent_scalper_arguments.settings import CHECKS, Settings
from silent_scalper_arguments.values import Wrong
from tests.handler.world import INPUT, saved_event

from .examples import EXAMPLES
from .face import ARGS, README, ROOT, declared, public_face, readme

WRITTEN = "change the declaration in silent_scalper_arguments/, then run `make arguments`"
RULES = [field.name for field in fields(RuleSettings) if field.name in EXAMPLES]


def test_the_public_face_is_written_from_the_declarations() -> None:
    assert ARGS.read_text() == public_face(), WRITTEN


def test_the_table_of_the_readme_is_written_from_the_declarations() -> None:
    assert README.read_text() == readme(), WRITTEN


def test_each_argument_has_an_example() -> None:
    missing, unknown = CHECKS.keys() - EXAMPLES.keys(), EXAMPLES.keys() - CHECKS.keys()
    assert not missing, f"add {sorted(missing)} to tests/arguments/examples.py"
    assert not unknown, f"remove {sorted(unknown)} from tests/arguments/examples.py"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_taken_and_is_not_the_default(name: str) -> None:
    example = EXAMPLES[name]
    args: Any = {**example.needs, name: example.value}
    assert getattr(checked("intake", args), name) != getattr(Settings(), name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_default_passes_its_own_check(name: str) -> None:
    default = getattr(Settings(), name)
    assert default in (None, "") or CHECKS[name](default) == default


@pytest.mark.parametrize("name", RULES)
def test_a_rule_decides_about_a_file(name: str) -> None:
    """A rule that is declared but unknown to the handler would take every file."""
    example = EXAMPLES[name]
    assert example.decides, (
        f"say in tests/arguments/examples.py about which file {name} decides: "
        "decides=Decides(key, size, reason code)"
    )
    if example.decides.code is not None:
        assert example.decides.code in Code.__members__, (
            f"add {example.decides.code} to Code in {_file_of(Code)}"
        )
    args: Any = {name: example.value}
    rules = Rules.read(json.dumps(checked("intake", args).rules))
    upload = _upload(example.decides.key, example.decides.size_bytes)
    decisions = _decision(Rules(), upload), _decision(rules, upload)
    refused = example.decides.code or "PASSED OVER"
    usual = example.decides.by_default
    expected = (refused, "TAKEN") if example.decides.takes_more else (usual, refused)
    assert decisions == expected, f"give {name} its meaning in {_file_of(Rules)}"


def _file_of(code: type) -> str:
    return str(Path(inspect.getfile(code)).relative_to(ROOT))


def _decision(rules: Rules, upload: Upload) -> str:
    if rules.ignores(upload):
        return "PASSED OVER"
    try:
        rules.check(upload)
    except Rejection as rejection:
        return rejection.code
    return "TAKEN"


def _upload(key: str, size_bytes: int) -> Upload:
    record: dict[str, Any] = saved_event("s3_put")["Records"][0]
    record["s3"]["object"] |= {"key": quote_plus(key), "size": size_bytes}
    return parse(record, INPUT)


def test_each_reason_code_is_given_by_something() -> None:
    sources = [*(ROOT / "handler").rglob("*.py"), *(ROOT / "operate").rglob("*.py")]
    text = "\n".join(path.read_text() for path in sources)
    unused = [code for code in Code if not re.search(rf"\bCode\.{code}\b", text)]
    assert not unused, f"nothing gives {unused}: raise or record it, or remove it"


@pytest.mark.parametrize("name", CHECKS)
def test_limits_in_a_description_are_those_of_the_check(name: str) -> None:
    (description,) = (it.description for it in declared() if it.name == name)
    for low, high in re.findall(r"\b(\d+) to (\d+)\b", description):
        assert f"from {low} to {high} " in _refusal(name, -1)
    for most in re.findall(r"at most (\d+)", description):
        assert f"at most {most} entries" in _refusal(name, [""] * 1000)


def _refusal(name: str, value: Any) -> str:
    with pytest.raises(Wrong) as wrong:
        CHECKS[name](value)
    return str(wrong.value)
