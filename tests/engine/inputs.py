"""How the real provider reads inputs, out of the committed table: names, defaults, equality."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi_aws
import yaml

TABLE: Mapping[str, Any] = yaml.safe_load(
    Path(__file__).with_name("inputs.yaml").read_text(encoding="utf-8")
)

DEFAULTS_OF_ALL = {name for filled in TABLE["defaults"].values() for name in filled}

RANDOM_DIGITS = 7
DEFAULTS_KEY = "__defaults"
"""Under which the bridge lists the inputs that nobody gave."""


def defaults(token: str) -> Mapping[str, Any]:
    """What is filled in where the program says nothing."""
    filled: Mapping[str, Any] = TABLE["defaults"].get(token, {})
    return filled


def inputs_of(token: str) -> set[str]:
    """The inputs of a type by their names on the wire, out of the installed SDK."""
    module, kind = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", token).groups()  # type: ignore[union-attr]
    resource = getattr(getattr(pulumi_aws, module.replace("lambda", "lambda_")), kind)
    names = resource._internal_init.__annotations__.keys()
    return {re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name in names}


def recomputed(token: str, changed: Iterable[str]) -> set[str]:
    """Outputs that nobody knows before an update of these inputs."""
    outputs: Mapping[str, list[str]] = TABLE["recomputed"].get(token, {})
    return {output for output, inputs in outputs.items() if set(inputs) & set(changed)}


def made_up_name(token: str, logical_name: str, digits: str, proposed: str | None) -> str:
    """The physical name of a resource that was given none: `proposed` by the user's pattern, or
    the logical name and random digits.

    Raises `ValueError`, in the bridge's words, for one that is too long.
    """
    rule = TABLE["names"][token]
    base = logical_name if proposed is None else proposed
    base = base.lower() if rule.get("lower") else base
    if proposed is not None:
        if len(base) > rule["longest"]:
            raise ValueError(
                f"calculated name '{base}' exceeds maximum length of {rule['longest']}"
            )
        return base
    if len(base) + 1 + RANDOM_DIGITS > rule["longest"]:
        raise ValueError(
            f"name '{base}-' plus {RANDOM_DIGITS} random chars is longer than maximum length "
            f"{rule['longest']}"
        )
    return f"{base}-{digits[:RANDOM_DIGITS]}"


def same(token: str, key: str, one: Any, other: Any) -> bool:
    """Whether the real provider sees no difference between two values of an input."""
    if key in TABLE["documents"].get(token, []):
        return bool(_meaning(one) == _meaning(other))
    sets = {it for it in TABLE["sets"].get(token, []) if it.split(".")[0] == key}
    return bool(_in_order(key, one, sets) == _in_order(key, other, sets))


def _in_order(path: str, value: Any, sets: set[str]) -> Any:
    """The value with everything sorted of which the order is no difference."""
    if isinstance(value, Mapping):
        inside = {key: _in_order(f"{path}.{key}", item, sets) for key, item in value.items()}
        return {key: item for key, item in inside.items() if key != DEFAULTS_KEY}
    if isinstance(value, list):
        items = [_in_order(path, item, sets) for item in value]
        return sorted(items, key=_sortable) if path in sets else items
    return value


def _meaning(text: Any) -> Any:
    """A JSON document as it is compared: of a policy, lists in any order, one item like a list."""
    try:
        document = json.loads(text)
    except (TypeError, ValueError):
        return text  # not known yet, or no JSON
    if not isinstance(document, dict) or "Statement" not in document:
        return document
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": sorted(map(_any_order, statements), key=_sortable)}


def _any_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _any_order(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted(map(_any_order, value), key=_sortable)
        return items[0] if len(items) == 1 else items
    return value


def _sortable(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
