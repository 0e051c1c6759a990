"""What every handler of a Pulumi resource type shares."""

import contextlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from ..cloud import Cloud
from ..errors import CreationError, RefusedError, UnsupportedError

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
    before anything of the resource exists; `create` calls. What comes after
    creation (`update`, `delete`, `live`) is for the engine, which keeps state
    between runs; the demo throws all away at once.
    """

    token: ClassVar[str]
    named_by: ClassVar[str] = ""
    """The input that holds the physical name, made up when it is not given."""
    computed: ClassVar[tuple[str, ...]] = ()
    """Outputs that nobody knows before the resource is made."""
    exists_here: ClassVar[bool] = True
    """False when the emulator has no place for it, so that nothing but the state knows of it."""
    without_effect: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Inputs that are accepted although they change nothing here, each with the reason."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @abstractmethod
    def parameters(self, inputs: Inputs) -> Parameters:
        """The inputs in boto3's words. Whatever it does not read is refused."""

    @abstractmethod
    def create(self, parameters: Parameters) -> State: ...

    def update(self, id: str, parameters: Parameters) -> State:
        """Bring what exists to the parameters; enough as it is where `create` puts."""
        return self.create(parameters)

    @abstractmethod
    def delete(self, id: str, inputs: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for the resource, which fails when it is gone; say which inputs it has by now.

        Only inputs that somebody may well change by hand are read back.
        """

    def make(self, logical_name: str, values: Mapping[str, Any]) -> State:
        parameters = self.translate(logical_name, values)
        with self._explained(logical_name, CreationError):
            return self.create(parameters)

    def change(self, logical_name: str, id: str, values: Mapping[str, Any]) -> State:
        parameters = self.translate(logical_name, values)
        with self._explained(logical_name):
            return self.update(id, parameters)

    def remove(self, logical_name: str, id: str, values: Mapping[str, Any]) -> None:
        """What is gone already counts as removed."""
        with self._explained(logical_name), _unless_gone():
            self.delete(id, values)

    def look(self, logical_name: str, id: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The inputs as they are by now, or None when the resource is gone."""
        with self._explained(logical_name), _unless_gone():
            return {**values, **self.live(id, values)}
        return None

    @contextlib.contextmanager
    def _explained(
        self, logical_name: str, kind: type[RefusedError] = RefusedError
    ) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise kind(f"{logical_name} ({self.token}): {error}") from error

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


@contextlib.contextmanager
def _unless_gone() -> Iterator[None]:
    """Goes on when the service answers that there is no such thing."""
    try:
        yield
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code != "404" and not re.search("NotFound|NoSuch|NonExistent|DoesNotExist", code):
            raise


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


def gone(operation: str, name: str) -> ClientError:
    """For a service that answers with an empty list when there is no such thing."""
    return ClientError({"Error": {"Code": "NotFound", "Message": name}}, operation)


def tag_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The tags to set, and the keys of those to take away."""
    return {k: v for k, v in new.items() if old.get(k) != v}, sorted(old.keys() - new.keys())


def as_dict(tags: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Tags out of the list of pairs that most services have."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def present(**parameters: Any) -> Parameters:
    """The parameters that have a value: boto3 takes no None."""
    return {key: value for key, value in parameters.items() if value is not None}


def account_of(arn: str) -> str:
    """The account id in an ARN; empty where the service leaves it out."""
    found = re.fullmatch(r"arn:[^:]+:[^:]+:[^:]*:(\d*):.*", arn)
    return found.group(1) if found else ""
