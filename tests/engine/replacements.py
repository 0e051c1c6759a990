"""Reads the committed table of what replaces a resource."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.errors import UnsupportedError

_table: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("replacements.yaml").read_text(encoding="utf-8")
)

PROVIDER_VERSION: str = _table["pulumi-aws"]
"""The version of pulumi-aws that the table was checked against."""

REPLACED_BY: Mapping[str, frozenset[str]] = {
    token: frozenset(inputs) for token, inputs in _table["replaces"].items()
}
"""For each type of resource the inputs that replace it when they change."""


def replaced_by(token: str) -> frozenset[str]:
    """The inputs that replace a resource of this type, or what to do about a type not compared."""
    if token not in REPLACED_BY:
        raise UnsupportedError(
            f"Nobody has looked up what replaces {token}. Add it under `replaces` in "
            "tests/engine/replacements.yaml, whose head says where to look."
        )
    return REPLACED_BY[token]
