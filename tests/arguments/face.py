"""What is written from the declared arguments: their public face, and README's table.

make arguments
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from silent_scalper_arguments.settings import CHECKS, Settings

ROOT = Path(__file__).resolve().parents[2]
DECLARED = [ROOT / "silent_scalper_arguments" / name for name in ("rules.py", "settings.py")]
ARGS, README = ROOT / "components" / "args.py", ROOT / "README.md"
DESCRIPTION_LENGTH = 100 - 4 - 6
"""What fits into one line of code."""

HEAD = '''"""The public face of the arguments, written by `make arguments`.

Change it in silent_scalper_arguments/, where each is declared with its default and check.

The schema for other languages is inferred from this class and its docstrings. That is why the
set is flat, free of unions and of pulumi_aws types, and read without postponed annotations.
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input

from silent_scalper_arguments.settings import Architecture, EmailOn, EventsFrom


class SilentScalperPipelineArgs(TypedDict):
    """What a pipeline can be told. Nothing is required."""
'''

WORDS = {
    "str": "text",
    "int": "number",
    "bool": "true or false",
    "list": "list",
    "dict": "map",
    "Input[pulumi.Archive]": "archive or path",
    "Input[str]": "text",
    "EmailOn": "word",
    "Architecture": "word",
    "EventsFrom": "word",
}


@dataclass(frozen=True)
class Declared:
    """One argument as people see it."""

    name: str
    kind: str
    """Its type, as the public face has it."""
    description: str
    begins_group: bool

    @property
    def word(self) -> str:
        """Its type in README's table."""
        outermost = self.kind if self.kind.startswith("Input") else self.kind.partition("[")[0]
        return WORDS[outermost]


def declared() -> list[Declared]:
    """Every argument, with its docstring, which only the source holds."""
    found = {it.name: it for path in DECLARED for it in _declared_in(path)}
    assert found.keys() == CHECKS.keys(), "each argument needs a docstring right below it"
    return [found[name] for name in CHECKS]


def _declared_in(path: Path) -> Iterator[Declared]:
    for declaration in ast.parse(path.read_text()).body:
        if not isinstance(declaration, ast.ClassDef):
            continue
        end = 0
        for field, documented in zip(declaration.body, declaration.body[1:], strict=False):
            match field, documented:
                case (
                    ast.AnnAssign(target=ast.Name(id=name), annotation=annotation),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield Declared(
                        name, _kind(annotation), _described(name, text), end != field.lineno - 1
                    )
                    end = documented.end_lineno or 0


def _kind(annotation: ast.expr) -> str:
    """An annotation without the quotes and the None that only a default needs."""
    written = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
    return str(written).removesuffix(" | None")


def _described(name: str, text: str) -> str:
    """The docstring, and the default behind it where there is a value to show."""
    text = " ".join(text.split())
    default: Any = getattr(Settings(), name)
    if isinstance(default, list):
        shown = ", ".join(map(str, default))
    else:
        shown = "" if default is None or default == {} else str(default)
    if isinstance(default, bool):
        shown = shown.lower()
    if shown:
        assert "Default:" not in text, f"the default of {name} is added by itself"
        text += f" Default: {shown}."
    too_long = f"{name}: its description has {len(text)} characters, at most {DESCRIPTION_LENGTH}"
    assert len(text) <= DESCRIPTION_LENGTH, too_long
    return text


def public_face() -> str:
    """components/args.py as it should be."""
    lines = [HEAD]
    for it in declared():
        lines += ["\n"] if it.begins_group else []
        lines += [f"    {it.name}: NotRequired[{it.kind}]\n", f'    """{it.description}"""\n']
    return "".join(lines)


def table() -> str:
    """README's table as it should be."""
    rows = ["| argument | type | what it does |", "|---|---|---|"]
    rows += [f"| `{it.name}` | {it.word} | {it.description} |" for it in declared()]
    return "\n".join(rows)


TABLE = re.compile(r"(<!-- arguments: .*? -->\n)(.*?)(\n<!-- end of arguments -->)", re.DOTALL)


def readme() -> str:
    """README.md with the table as it should be."""
    return TABLE.sub(lambda found: found[1] + table() + found[3], README.read_text())
