"""Import statements, found by parsing, and the files that they run."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .source import File


@dataclass(frozen=True, slots=True)
class Imported:
    """An import statement that runs when its module is imported."""

    module: str
    names: tuple[str, ...]
    """What `from` takes of it: attributes, or modules of their own."""
    level: int
    """Leading dots."""
    is_certain: bool
    """False in `try`, `if` and functions, where it may be meant to fail or never to run."""
    line: int


def file_of(module: str, files: Mapping[str, File]) -> str | None:
    path = module.replace(".", "/")
    return next((name for name in (f"{path}/__init__.py", f"{path}.py") if name in files), None)


def files_of(imported: Imported, importer: str, files: Mapping[str, File]) -> list[str]:
    """The files that the import runs: of the modules, and of the packages that they lie in."""
    parts = [module.split(".") for module in _modules(imported, importer)]
    paths = (
        file_of(".".join(names[:count]), files)
        for names in parts
        for count in range(1, len(names) + 1)
    )
    return [path for path in paths if path]


def _modules(imported: Imported, importer: str) -> Iterator[str]:
    """By their full names, what an import in the file `importer` may lead to."""
    base = imported.module
    if imported.level:
        package = importer.split("/")[:-1]
        if len(package) < imported.level - 1:
            return
        package = package[: len(package) - (imported.level - 1)]
        base = ".".join([*package, *([base] if base else [])])
    if base:
        yield base
    yield from (f"{base}.{name}" if base else name for name in imported.names if name != "*")


def imports(tree: ast.Module) -> Iterator[Imported]:
    def visit(nodes: list[ast.stmt], is_certain: bool) -> Iterator[Imported]:
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Imported(alias.name, (), 0, is_certain, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names)
                yield Imported(node.module or "", names, node.level, is_certain, node.lineno)
            elif isinstance(node, ast.If) and _is_type_checking(node.test):
                yield from visit(node.orelse, is_certain)
            else:
                inside = is_certain and isinstance(node, ast.With | ast.ClassDef)
                for block in ("body", "orelse", "finalbody"):
                    yield from visit(getattr(node, block, []), inside)
                for branch in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
                    yield from visit(branch.body, False)

    return visit(tree.body, True)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"
