"""What every handler of a Pulumi resource type shares."""

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from ..cloud import Cloud
from ..errors import CreationError, UnsupportedError

Parameters = dict[str, Any]


@dataclass(frozen=True)
class State:
    """A resource that exists: its id, and the outputs that its inputs do not say."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict)


class Inputs:
    """A resource's inputs by their Pulumi names, that remembers which were read."""

    def __init__(self, logical_name: str, values: Mapping[str, Any]) -> None:
        self.logical_name = logical_name
        self._values = values
        self._read: set[str] = set()

    def take(self, key: str, default: Any = None) -> Any:
        self._read.add(key)
        return self._values.get(key, default)

    def require(self, key: str) -> Any:
        if (value := self.take(key)) is None:
            raise UnsupportedError(f"{self.logical_name}: the input {key!r} is missing.")
        return value

    def name(self, key: str = "name") -> str:
        """The physical name asked for, or one made as the real provider does."""
        return str(self.take(key) or f"{self.logical_name}-{secrets.token_hex(4)[:7]}")

    def tags(self) -> dict[str, str]:
        return dict(self.take("tags") or {})

    def tag_list(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tags().items()]

    def unread(self) -> list[str]:
        return sorted(self._values.keys() - self._read)


class Resource(ABC):
    """One Pulumi resource type, made by boto3 calls.

    `parameters` translates and touches nothing, so that a program is refused
    before anything of the resource exists; `create` calls. Updating and deleting
    belong beside `create`, over the same parameters.
    """

    token: ClassVar[str]
    without_effect: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Inputs that are accepted although they change nothing here, each with the reason."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @abstractmethod
    def parameters(self, inputs: Inputs) -> Parameters:
        """The inputs in boto3's words. Whatever it does not read is refused."""

    @abstractmethod
    def create(self, parameters: Parameters) -> State: ...

    def make(self, logical_name: str, values: Mapping[str, Any]) -> State:
        parameters = self.translate(logical_name, values)
        try:
            return self.create(parameters)
        except (BotoCoreError, ClientError) as error:
            raise CreationError(f"{logical_name} ({self.token}): {error}") from error

    def translate(self, logical_name: str, values: Mapping[str, Any]) -> Parameters:
        inputs = Inputs(logical_name, values)
        parameters = self.parameters(inputs)
        region = inputs.take("region", self.cloud.region)
        if region != self.cloud.region:
            raise UnsupportedError(
                f"{logical_name}: region {region!r} is not the emulator's {self.cloud.region!r}."
            )
        if not_honoured := [key for key in inputs.unread() if key not in self.without_effect]:
            raise UnsupportedError(
                f"{logical_name} ({self.token}): the local deployment does not honour "
                f"{', '.join(not_honoured)}. Teach local/resources to, or list the input there "
                "with the reason why it has no effect."
            )
        return parameters


def reasons(**why: str) -> Mapping[str, str]:
    """For `without_effect`: the input's name, and why it changes nothing here."""
    return MappingProxyType(why)


def pascal(value: Any, *, renamed: Mapping[str, str] | None = None) -> Any:
    """Pulumi's camelCase keys as the AWS API writes them, at every depth.

    Nothing is dropped on the way: boto3 refuses a key that the API does not have.
    """
    renamed = renamed or {}
    if isinstance(value, Mapping):
        return {
            renamed.get(key, key[:1].upper() + key[1:]): pascal(item, renamed=renamed)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [pascal(item, renamed=renamed) for item in value]
    return value


def present(**parameters: Any) -> Parameters:
    """The parameters that have a value: boto3 takes no None."""
    return {key: value for key, value in parameters.items() if value is not None}


def account_of(arn: str) -> str:
    """The account id in an ARN; empty where the service leaves it out."""
    found = re.fullmatch(r"arn:[^:]+:[^:]+:[^:]*:(\d*):.*", arn)
    return found.group(1) if found else ""
