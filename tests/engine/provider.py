"""A stand-in for Pulumi's `aws` provider: the provider protocol over the local run's handlers.

The engine is the real one; what it talks to is this server, and behind it the emulator. It works
on protobuf structs: the SDK's own server cannot say that a value is not known yet.
"""
# ruff: noqa: N802 - the methods are named by Pulumi's protocol

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.cloud import Cloud
from local.emulator import LOOPBACK
from local.errors import LocalError
from local.evaluation import plain
from local.resources import Resource, resource_for
from tests.engine.replacements import replaced_by

Struct = Any
"""A protobuf struct; the package has no types."""
Watcher = Callable[[str, str], None]
"""Told what is about to be done (`create`, `update`, `delete`) to which logical name."""


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine. `watcher` lets a test look on, or fail an operation by raising."""

    def __init__(self, cloud: Cloud) -> None:
        self.watcher: Watcher = lambda operation, name: None
        self.configured: list[dict[str, str]] = []
        """The provider configurations that the engine has given, oldest first."""
        self._cloud = cloud

    # How the engine and a provider meet.

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        self.configured.append(dict(request.variables))
        # Without secrets: the engine opens them on the way in and marks them again on the way out.
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # The life of a resource.

    def Check(self, request: Any, context: Any) -> Any:
        """Names what has no name yet, and keeps the name of what has one."""
        inputs = _copy(request.news)
        key = self._handler(request).named_by
        if key and key not in inputs:
            suffix = hashlib.sha256(request.randomSeed).hexdigest()[:7]
            made_up = f"{_logical_name(request)}-{suffix}"
            kept = key in request.olds  # a protobuf struct has no `get`
            inputs[key] = request.olds[key] if kept else made_up
        return provider_pb2.CheckResponse(inputs=inputs)

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = request.old_inputs, request.news
        changed = list(_changed(olds, news, set(request.ignoreChanges)))
        replacing = [key for key in changed if key in replaced_by(_token(request))]
        detailed = {key: _property_diff(key, olds, news, key in replacing) for key in changed}
        answers = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=answers.DIFF_SOME if changed else answers.DIFF_NONE,
            diffs=changed,
            replaces=replacing,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:
        handler, state = self._handler(request), _copy(request.properties)
        if request.preview:
            for key in handler.computed:
                state[key] = rpc.UNKNOWN
            return provider_pb2.CreateResponse(properties=state)
        with self._told(context, "create", request):
            made = handler.make(_logical_name(request), _values(request.properties))
            state.update(made.outputs)
            return provider_pb2.CreateResponse(id=made.id, properties=state)

    def Update(self, request: Any, context: Any) -> Any:
        handler, state = self._handler(request), _copy(request.news)
        if request.preview:
            # What AWS made of it is taken to stay as it is.
            for key in set(request.olds) - set(request.old_inputs):
                state[key] = request.olds[key]
            return provider_pb2.UpdateResponse(properties=state)
        with self._told(context, "update", request):
            made = handler.change(_logical_name(request), request.id, _values(request.news))
            state.update(made.outputs)
            return provider_pb2.UpdateResponse(properties=state)

    def Read(self, request: Any, context: Any) -> Any:
        handler, inputs = self._handler(request), _remembered(request.inputs)
        with self._told(context, "read", request):
            found = handler.look(_logical_name(request), request.id, inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        drifted = {key: value for key, value in found.items() if value != inputs.get(key)}
        news, state = _copy(request.inputs), _copy(request.properties)
        news.update(drifted)
        state.update(drifted)
        return provider_pb2.ReadResponse(id=request.id, inputs=news, properties=state)

    def Delete(self, request: Any, context: Any) -> Any:
        handler = self._handler(request)
        with self._told(context, "delete", request):
            handler.remove(_logical_name(request), request.id, _remembered(request.old_inputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        if request.tok != "aws:index/getCallerIdentity:getCallerIdentity":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in knows no {request.tok}")
        answer: Struct = struct_pb2.Struct()
        identity = self._cloud.sts.get_caller_identity()
        account = {"accountId": identity["Account"], "id": identity["Account"]}
        answer.update({**account, "arn": identity["Arn"], "userId": identity["UserId"]})
        return provider_pb2.InvokeResponse(**{"return": answer})

    def _handler(self, request: Any) -> Resource:
        return resource_for(_token(request), self._cloud)

    @contextmanager
    def _told(self, context: Any, operation: str, request: Any) -> Iterator[None]:
        """What goes wrong becomes an error of the resource, as the real provider's would."""
        try:
            self.watcher(operation, _logical_name(request))
            yield
        except LocalError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))


@contextmanager
def serving(stand_in: StandIn) -> Iterator[int]:
    """The port at which the engine finds the provider, while it is served."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16),
        options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(stand_in, server)
    port = server.add_insecure_port(f"{LOOPBACK}:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()


def _token(request: Any) -> str:
    """The type of the resource, out of `urn:pulumi:stack::project::parent$type::name`."""
    return str(request.urn).split("::")[2].rpartition("$")[2]


def _logical_name(request: Any) -> str:
    return str(request.urn).split("::", 3)[3]


def _copy(struct: Struct) -> Struct:
    copied: Struct = struct_pb2.Struct()
    copied.CopyFrom(struct)
    return copied


def _values(struct: Struct) -> dict[str, Any]:
    values: dict[str, Any] = plain(rpc.deserialize_properties(struct))
    return values


def _remembered(struct: Struct) -> dict[str, Any]:
    """Inputs out of the engine's state, where an archive is a hash alone."""
    values: dict[str, Any] = plain(json_format.MessageToDict(struct))
    return values


def _changed(olds: Struct, news: Struct, ignored: set[str]) -> Iterator[str]:
    for key in sorted({*olds, *news} - ignored):
        if (key in olds) != (key in news) or _comparable(olds[key]) != _comparable(news[key]):
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


def _property_diff(key: str, olds: Iterable[str], news: Iterable[str], replaces: bool) -> Any:
    kinds: Any = provider_pb2.PropertyDiff
    kind = kinds.ADD if key not in olds else kinds.DELETE if key not in news else kinds.UPDATE
    # Each kind that replaces follows its own kind that does not.
    return kinds(kind=kind + 1 if replaces else kind, inputDiff=True)
