"""Every small change of a module that is tried: mutmut's, and those of this house.

mutmut itself changes functions without decorators alone. Here its operators are applied to a whole
module, because tables, sets of codes and queries stand outside of functions.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, ParentNodeProvider
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_string

SENTENCE = re.compile(r"\w+\W* \w+\W* \w")
"""What people read is for people to judge: no test repeats it word for word."""

_IN_QUERIES = {
    r"<=": "<",
    r">=": ">",
    r"(?<![<>=]) < ": " <= ",
    r"(?<![<>=]) > ": " >= ",
    r" <> ": " = ",
    r"(?<![<>]) = ": " <> ",
    r"\bAND NOT\b": "AND",
    r"\bAND\b": "OR",
    r"\bOR\b": "AND",
    r"\bNOT EXISTS\b": "EXISTS",
    r"\bIS NOT\b": "IS",
    r"\bLEFT JOIN\b": "JOIN",
    r"\battribute_not_exists\b": "attribute_exists",
    r"'[A-Z]+'": "'X'",
}
"""In SQL and in DynamoDB's expressions: one place at a time."""
QUERY = re.compile(r"\b(SELECT|FROM|SET|AND|attribute_not_exists)\b|#\w+ [<=]|[<>] :\w")

Operator = tuple[type[Any], Callable[[Any], Iterable[cst.CSTNode]]]


class Mutant(NamedTuple):
    """A module with one change. `before` and `after` are what is changed, without indentation."""

    file: str
    where: str
    """The function or class, or the module."""
    before: str
    after: str
    source: str

    @property
    def change(self) -> tuple[str, str, str]:
        """What it is known by: it stays the same while other lines come and go."""
        return self.where, self.before, self.after


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Each of them once, in the order of the source."""
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    parents: Any = wrapper.resolve(ParentNodeProvider)
    spans: Any = wrapper.resolve(ByteSpanPositionProvider)
    text, seen = source.encode(), {source}
    for node in _worth_changing(wrapper.module):
        for changed in _changes_of(node):
            span, code = spans[node], wrapper.module.code_for_node(_bare(changed)).rstrip()
            end = span.start + span.length
            if not text[span.start : end][:1].isspace():
                code = code.lstrip()
            mutated = (text[: span.start] + code.encode() + text[end:]).decode()
            if mutated not in seen and _compiles(mutated):
                seen.add(mutated)
                yield Mutant(file, _where(node, parents), *_difference(source, mutated), mutated)


def _bare(node: cst.CSTNode) -> cst.CSTNode:
    """Without its own parentheses: the span of a node is what is between them."""
    return node.with_changes(lpar=[], rpar=[]) if getattr(node, "lpar", ()) else node


def _worth_changing(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.TypeAlias():
            return
        case cst.Decorator():
            return  # `frozen` and `slots`: mypy holds the code to them
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
            return  # a docstring
        case cst.Raise():
            # Which error it is, counts; from which one it comes, is for the log.
            node = node.exc or node
    yield node
    for child in node.children:
        yield from _worth_changing(child)


def _changes_of(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in [*mutation_operators, *OWN_OPERATORS]:
        if isinstance(node, kind):
            changes = list(operator(node))
            if operator is operator_string:
                changes = [] if _is_for_people_or_a_query(node) else changes[:1]
            if operator is operator_arg_removal and len(changes) > 1:
                changes = changes[len(changes) // 2 :]  # without the argument says as much as None
            yield from changes


def _is_for_people_or_a_query(node: cst.CSTNode) -> bool:
    text = getattr(node, "value", "")
    return bool(SENTENCE.search(text) or QUERY.search(text))


def _one_element_less(node: Any) -> Iterator[cst.CSTNode]:
    if len(node.elements) > 1:
        for index in range(len(node.elements)):
            left = [*node.elements[:index], *node.elements[index + 1 :]]
            yield node.with_changes(elements=left)


def _another_query(node: Any) -> Iterator[cst.CSTNode]:
    """`node` is a string, or the text between the braces of one."""
    if not QUERY.search(node.value):
        return
    for pattern, instead in _IN_QUERIES.items():
        for found in re.finditer(pattern, node.value):
            changed = node.value[: found.start()] + instead + node.value[found.end() :]
            yield node.with_changes(value=changed)


def _without_statement(node: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """A call for its effect, or a `raise`, left out."""
    match node.body:
        case [cst.Expr(value=cst.Call())] | [cst.Raise()]:
            yield node.with_changes(body=[cst.Pass()])


OWN_OPERATORS: list[Operator] = [
    (cst.Tuple, _one_element_less),
    (cst.List, _one_element_less),
    (cst.Set, _one_element_less),
    (cst.Dict, _one_element_less),
    (cst.SimpleString, _another_query),
    (cst.FormattedStringText, _another_query),
    (cst.SimpleStatementLine, _without_statement),
]


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _where(node: cst.CSTNode, parents: Any) -> str:
    names = []
    while node in parents:
        node = parents[node]
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            names.append(node.name.value)
    return ".".join(reversed(names)) or "module"


def _difference(source: str, mutated: str) -> tuple[str, str]:
    old, new = source.splitlines(), mutated.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [it for it in blocks if it[0] != "equal"]
    first, last = changed[0], changed[-1]
    return _joined(old[first[1] : last[2]]), _joined(new[first[3] : last[4]])


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
