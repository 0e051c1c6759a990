"""What README.md says is what the code does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from components.args import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
TYPES = {
    "str": "text",
    "int": "number",
    "bool": "true or false",
    "list": "list",
    "dict": "map",
    "Input[pulumi.Archive]": "archive or path",
    "Input[str]": "text",
    "EmailOn": "word",
}


def arguments() -> Iterator[tuple[str, str, str]]:
    """The name, type and description of each argument, from its declaration and docstring."""
    module = ast.parse((ROOT / "components" / "args.py").read_text())
    (args,) = (
        node
        for node in module.body
        if isinstance(node, ast.ClassDef) and node.name == "SilentScalperPipelineArgs"
    )
    for declared, documented in zip(args.body, args.body[1:], strict=False):
        match declared, documented:
            case (
                ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Subscript(slice=kind)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                written = ast.unparse(kind)
                outermost = written if written.startswith("Input") else written.partition("[")[0]
                yield name, TYPES[outermost], " ".join(text.split())


def table() -> str:
    rows = ["| argument | type | what it does |", "|---|---|---|"]
    rows += [f"| `{name}` | {kind} | {text} |" for name, kind, text in arguments()]
    return "\n".join(rows)


def test_the_table_of_arguments_is_the_components_own() -> None:
    found = re.search(
        r"<!-- arguments: .*? -->\n(.*?)\n<!-- end of arguments -->", README, re.DOTALL
    )
    assert found is not None
    assert found[1] == table(), f"replace the table in README.md by:\n{table()}"


def test_every_argument_is_described_with_its_default() -> None:
    described = {name: text for name, _, text in arguments()}
    assert set(described) == set(Settings.__dataclass_fields__)
    for name, text in described.items():
        default = Settings.__dataclass_fields__[name].default
        if isinstance(default, bool | int) or (isinstance(default, str) and default):
            word = str(getattr(default, "value", default))
            assert f"Default: {word.lower()}." in text, name


def test_the_stack_outputs_it_names_are_exported() -> None:
    program = (ROOT / "__main__.py").read_text()
    for output in re.findall(r"pulumi stack output (\w+)", README):
        assert f'pulumi.export("{output}"' in program


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][\w-]*)", README)) <= targets
