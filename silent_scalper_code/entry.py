"""The modules of the user's code, parsed and never run: does `process_entry` exist and import?"""

import ast
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .errors import listed
from .imports import Imported, file_of, files_of, imports
from .source import File
from .target import Target

IN_THE_RUNTIME = frozenset(
    {
        "awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "pip", "s3transfer",
        "simplejson", "six", "snapshot_restore_py", "urllib3",
    }
)  # fmt: skip
"""Packages that Lambda's Python brings along.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-deprecated
"""

FOR_PROCESS = frozenset({"File", "HoldFile", "Rejection"})
"""What `silent_scalper` is in Lambda; installed on a machine it is the component too."""

_LEFT_THE_LIBRARY = {
    (3, 12): "asynchat asyncore distutils imp smtpd",
    (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib "
    "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib",
}
"""https://docs.python.org/3/whatsnew/"""


def standard_library(target: Target) -> frozenset[str]:
    """Names of the modules that the target's Python has of its own, whatever Python runs this."""
    names = set(sys.stdlib_module_names)
    for names_left in _LEFT_THE_LIBRARY.values():
        names |= set(names_left.split())
    for version, names_left in _LEFT_THE_LIBRARY.items():
        if version <= target.python:
            names -= set(names_left.split())
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class Code:
    """What the entry is looked for in."""

    files: Mapping[str, File]
    """The user's own, by name."""
    target: Target
    available: frozenset[str]
    """The first names of all other modules that can be imported."""
    left_out: frozenset[str] = frozenset()
    """What lies beside the files and is not deployed."""
    sees_everything: bool = True
    """False with layers or a PYTHONPATH, where there may be more to import."""

    def has(self, first: str) -> bool:
        """Whether `import first` finds something."""
        own = (f"{first}/", f"{first}.")
        return first in self.available or any(name.startswith(own) for name in self.files)


def entry_problems(code: Code, entry: str) -> Iterator[str]:
    """What keeps `entry`, a module and a function, from being imported and called."""
    module, _, function = entry.rpartition(".")
    path = file_of(module, code.files)
    if path is None:
        if module.partition(".")[0] not in code.available:
            yield _no_module(module, entry, code.files)
        return
    parsed: dict[str, ast.Module | None] = {}
    waiting = [path]
    while waiting:
        name = waiting.pop()
        if name in parsed:
            continue
        parsed[name] = None
        try:
            parsed[name] = tree = _parsed(code.files[name], code.target)
        except SyntaxError as error:
            if code.target.python > sys.version_info[:2]:
                continue  # written, perhaps, for a Python that knows more than this one
            yield (
                f"{name!r}, line {error.lineno}: {error.msg}. Python {code.target.version} could "
                "not import it; correct it"
            )
            continue
        except (ValueError, RecursionError, MemoryError) as error:
            yield f"{name!r} is not Python ({error}); correct it or leave it out"
            continue
        for imported in imports(tree):
            yield from _leaves_its_package(imported, name)
            waiting += files_of(imported, name, code.files)
            yield from _missing(imported, name, code)
            yield from _not_in_lambda(imported, name)
    if top := parsed[path]:
        yield from _function_problems(top, path, function)


def _parsed(file: File, target: Target) -> ast.Module:
    version = min(target.python, sys.version_info[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(file.read(), file.name, feature_version=version)


def _function_problems(tree: ast.Module, path: str, function: str) -> Iterator[str]:
    found = _bound(tree.body).get(function)
    names = sorted(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    if found is None and not _binds_more(tree):
        there = f"; it has {listed(names)}" if names else ""
        yield f"{path!r} has no {function}(file){there}; write it, or name another in process_entry"
    elif isinstance(found, ast.AsyncFunctionDef):
        yield (
            f"{path!r}, line {found.lineno}: {function} is `async def`, and nobody would await it; "
            "write `def`, and call asyncio.run in it"
        )
    elif isinstance(found, ast.FunctionDef) and not found.decorator_list:
        given = found.args
        takes = len(given.posonlyargs) + len(given.args)
        needs = takes - len(given.defaults)
        only_named = [a for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if not d]
        if needs > 1 or (not takes and not given.vararg) or only_named:
            yield (
                f"{path!r}, line {found.lineno}: {function} is called with one argument, the file; "
                f"write `def {function}(file):`"
            )


def _bound(nodes: list[ast.stmt]) -> dict[str, ast.stmt]:
    """The names that a module gives a meaning to, anywhere outside functions and classes."""
    names: dict[str, ast.stmt] = {}
    for node in nodes:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names[node.name] = node
            case ast.Import() | ast.ImportFrom():
                names |= {a.asname or a.name.partition(".")[0]: node for a in node.names}
            case _:
                for block in ("body", "orelse", "finalbody"):
                    names |= _bound(getattr(node, block, []))
                for branch in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
                    names |= _bound(branch.body)
                for part in ast.walk(node):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        names[part.id] = node
    return names


def _binds_more(tree: ast.Module) -> bool:
    """True where only running the module would tell what it holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            return True
        if isinstance(node, ast.Name) and node.id in ("globals", "setattr", "exec", "vars"):
            return True
    return False


def _no_module(module: str, entry: str, files: Mapping[str, File]) -> str:
    file = f"{module.replace('.', '/')}.py"
    nested = [name for name in files if name.endswith(f"/{file}")]
    if nested:
        inside = nested[0].removesuffix(f"/{file}")
        return (
            f"process_entry {entry} needs {file} at the top of process_code, and it lies in "
            f"{inside!r}; give that folder (or a .zip of what is in it)"
        )
    there = [name for name in files if name.endswith(".py")]
    return (
        f"process_entry {entry} needs {file} in process_code, which has "
        f"{listed(sorted(there)) if there else 'no Python file'}"
    )


def _leaves_its_package(imported: Imported, importer: str) -> Iterator[str]:
    """A module at the top is imported by its own name and lies in no package."""
    if imported.level > importer.count("/"):
        dots = "." * imported.level
        name = imported.module or " and ".join(imported.names)
        yield (
            f"{importer!r}, line {imported.line}, imports from {dots!r}, and it lies in no package "
            f"that deep; write `import {name}`"
        )


def _missing(imported: Imported, importer: str, code: Code) -> Iterator[str]:
    first = imported.module.partition(".")[0]
    if not (code.sees_everything and imported.is_certain and not imported.level):
        return
    if code.has(first):
        return
    where = f"{importer!r}, line {imported.line}, imports {first}, "
    if gone := sorted({f"{first}/", f"{first}.py"} & code.left_out):
        yield f"{where}and {gone[0]} is left out; write a .scalperignore that keeps it"
    else:
        yield (
            f"{where}which is neither in process_code nor in Lambda's Python; name its package in "
            "requirements.txt, or a layer in process_layers"
        )


def _not_in_lambda(imported: Imported, importer: str) -> Iterator[str]:
    if imported.level or not imported.is_certain:
        return
    if imported.module == "silent_scalper":
        absent = sorted({*imported.names} - FOR_PROCESS - {"*"})
    else:
        absent = [imported.module] if imported.module == "silent_scalper.testing" else []
    if absent:
        yield (
            f"{importer!r}, line {imported.line}, imports {listed(absent)}, which is not deployed; "
            f"in Lambda silent_scalper has {listed(sorted(FOR_PROCESS))}. Keep programs and tests "
            "in other modules"
        )
