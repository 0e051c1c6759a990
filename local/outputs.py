"""Outputs that nothing here produces are marked, so that a use of one is an error.

The SDK drops an input whose value is missing. Without the mark, a resource that takes
another's forgotten output would silently be made without it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pulumi
from pulumi._types import resource_types

from .errors import UnsupportedError

MARK = "output-that-the-local-deployment-does-not-produce"
MARKED = re.compile(rf"<{MARK} (?P<output>[^>]+)>")


def marked(token: str, logical_name: str, outputs: dict[str, Any]) -> dict[str, Any]:
    """`outputs`, and a mark for every text that the resource's class has beside them."""
    known = {name: value for name, value in outputs.items() if value is not None}
    texts = (name for name, kind in resource_types(_class(token)).items() if kind is str)
    return {name: f"<{MARK} {logical_name}.{name}>" for name in texts} | known


def require_unmarked(user: str, value: Any) -> None:
    """Refuse a value for `user`, a resource or the stack, that depends on a marked output."""
    for text in _texts(value):
        if found := MARKED.search(text):
            raise UnsupportedError(
                f"{user} uses {found['output']}, an output that the local deployment does not "
                "produce. Add it to local/resources."
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _class(token: str) -> type[pulumi.CustomResource]:
    """The class that the program made the resource with."""
    for resource in pulumi.CustomResource.__subclasses__():
        if getattr(resource, "pulumi_type", None) == token:
            return resource
    raise UnsupportedError(f"No class of the program's packages makes {token}.")
