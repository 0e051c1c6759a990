"""What the stand-in does with protobuf structs: inputs and outputs on their way to and fro."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2

from local.evaluation import plain
from tests.engine import inputs as table

Struct = Any
"""A protobuf struct; the package has no types."""


def copy(struct: Struct) -> Struct:
    copied: Struct = struct_pb2.Struct()
    copied.CopyFrom(struct)
    return copied


def field(struct: Struct, key: str) -> Any:
    """A field or None: a protobuf struct has no `get`."""
    return struct[key] if key in struct else None  # noqa: SIM401


def values(struct: Struct) -> dict[str, Any]:
    values: dict[str, Any] = plain(rpc.deserialize_properties(struct))
    return values


def given(struct: Struct) -> dict[str, Any]:
    """What a handler is asked for: what the program gave, and the name."""
    left_out = made_up(struct) & table.DEFAULTS_OF_ALL
    left_out.add(table.DEFAULTS_KEY)
    return {key: value for key, value in values(struct).items() if key not in left_out}


def made_up(struct: Struct) -> set[str]:
    """The inputs that nobody gave."""
    return set(struct[table.DEFAULTS_KEY]) if table.DEFAULTS_KEY in struct else set()


def state(inputs: Struct) -> Struct:
    """The outputs that repeat inputs."""
    state = copy(inputs)
    if table.DEFAULTS_KEY in state:
        del state[table.DEFAULTS_KEY]
    if "tags" in state:
        state["tagsAll"] = state["tags"]
    return state


def remembered(struct: Struct) -> dict[str, Any]:
    """Inputs out of the engine's state, where an archive is a hash alone."""
    values: dict[str, Any] = plain(json_format.MessageToDict(struct))
    return values


def changed(token: str, olds: Struct, news: Struct, ignored: set[str]) -> Iterator[str]:
    for key in sorted({*olds, *news} - ignored - {table.DEFAULTS_KEY}):
        if (key in olds) != (key in news) or not table.same(
            token, key, _comparable(olds[key]), _comparable(news[key])
        ):
            yield key


def _comparable(value: Any) -> Any:
    """A value as it is compared: an archive by the hash of what is in it, not by its path."""
    if isinstance(value, struct_pb2.Struct):
        fields = {key: _comparable(value[key]) for key in value}
        is_archive = fields.get(rpc._special_sig_key) == rpc._special_archive_sig
        return fields["hash"] if is_archive else fields
    if isinstance(value, struct_pb2.ListValue):
        return [_comparable(item) for item in value]
    return value


def property_diff(key: str, olds: Iterable[str], news: Iterable[str], replaces: bool) -> Any:
    kinds: Any = provider_pb2.PropertyDiff
    kind = kinds.ADD if key not in olds else kinds.DELETE if key not in news else kinds.UPDATE
    # Each kind that replaces follows its own kind that does not.
    return kinds(kind=kind + 1 if replaces else kind, inputDiff=True)
