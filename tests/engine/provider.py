"""A stand-in for Pulumi's `aws` provider: the provider protocol over the local run's handlers.

The engine is the real one; what it talks to is this server, and behind it the emulator. It works
on protobuf structs: the SDK's own server cannot say that a value is not known yet.
"""
# ruff: noqa: N802 - the methods are named by Pulumi's protocol

import json
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from botocore.exceptions import ClientError
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.cloud import Cloud
from local.emulator import LOOPBACK
from local.errors import LocalError
from local.existing_bucket import described
from local.resources import Resource, resource_for
from tests.engine import inputs as table
from tests.engine import structs
from tests.engine.imports import imported
from tests.engine.protocol import fail, fail_half_way, logical_name, make_up_name, token_of
from tests.engine.replacements import replaced_by
from tests.engine.structs import Struct
from tests.engine.validation import wrong_with

Watcher = Callable[[str, str], None]
"""Told what is about to be done (`create`, `update`, `delete`, `read`) to which logical name, and
with `created` what has just been made."""


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine. `watcher` lets a test look on, or fail an operation by raising."""

    def __init__(self, cloud: Cloud) -> None:
        self.watcher: Watcher = lambda operation, name: None
        self.configured: list[dict[str, str]] = []
        """The provider configurations that the engine has given, oldest first."""
        self._cloud = cloud

    @property
    def region(self) -> str:
        """That of the configuration given last: the engine does not say which provider it means."""
        return self._configured("region") or self._cloud.region

    @property
    def default_tags(self) -> dict[str, str]:
        """The tags that the provider puts on everything."""
        tags: dict[str, str] = json.loads(self._configured("defaultTags") or "{}").get("tags", {})
        return tags

    def _configured(self, key: str) -> str:
        return self.configured[-1].get(f"aws:config:{key}", "") if self.configured else ""

    # How the engine and a provider meet.

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=version("pulumi-aws"))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another region makes another provider, and so replaces whatever the old one made."""
        olds, news, answers = request.old_inputs, request.news, provider_pb2.DiffResponse
        changed = [
            it for it in {*olds, *news} if structs.field(olds, it) != structs.field(news, it)
        ]
        return answers(
            changes=answers.DIFF_SOME if changed else answers.DIFF_NONE,
            diffs=changed,
            replaces=[it for it in changed if it == "region" and it in olds],
        )

    def Configure(self, request: Any, context: Any) -> Any:
        self.configured.append(dict(request.variables))
        # Without secrets: the engine opens them on the way in and marks them again on the way out.
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    # The life of a resource.

    def Check(self, request: Any, context: Any) -> Any:
        """Fills in what the program left out, and refuses what AWS's provider would refuse."""
        token, inputs = token_of(request), structs.copy(request.news)
        if "region" in replaced_by(token) and "region" not in inputs:
            inputs["region"] = self.region
        if self.default_tags and "tags" in table.inputs_of(token):
            inputs["tags"] = {**self.default_tags, **dict(structs.field(inputs, "tags") or {})}
        by_default = {k: v for k, v in table.defaults(token).items() if k not in inputs}
        inputs.update(by_default)
        try:
            named = make_up_name(self._handler(request).named_by, request, inputs)
        except ValueError as error:
            fail(context, str(error))
        inputs[table.DEFAULTS_KEY] = sorted([*by_default, *named])
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in wrong_with(token, structs.remembered(inputs))
        ]
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news, token = request.old_inputs, request.news, token_of(request)
        changed = list(structs.changed(token, olds, news, set(request.ignoreChanges)))
        replacing = [key for key in changed if key in replaced_by(token)]
        detailed = {
            key: structs.property_diff(key, olds, news, key in replacing) for key in changed
        }
        answers = provider_pb2.DiffResponse
        named = self._handler(request).named_by
        return provider_pb2.DiffResponse(
            changes=answers.DIFF_SOME if changed else answers.DIFF_NONE,
            diffs=changed,
            replaces=replacing,
            detailedDiff=detailed,
            hasDetailedDiff=True,
            # A name that somebody chose can be given to the new one only when the old one is gone.
            deleteBeforeReplace=bool(replacing)
            and bool(named)
            and named not in structs.made_up(news),
        )

    def Create(self, request: Any, context: Any) -> Any:
        handler, state = self._handler(request), structs.state(request.properties)
        if request.preview:
            for key in handler.computed:
                state[key] = rpc.UNKNOWN
            return provider_pb2.CreateResponse(properties=state)
        with self._told(context, "create", request):
            made = handler.make(logical_name(request), structs.given(request.properties))
            state.update(made.outputs)
        try:
            self.watcher("created", logical_name(request))
        except LocalError as error:
            fail_half_way(context, made, state, request.properties, str(error))
        return provider_pb2.CreateResponse(id=made.id, properties=state)

    def Update(self, request: Any, context: Any) -> Any:
        handler, state = self._handler(request), structs.state(request.news)
        if request.preview:
            # What AWS made of it is taken to stay as it is, but for what the change makes anew.
            for key in set(request.olds) - set(request.old_inputs) - {"tagsAll"}:
                state[key] = request.olds[key]
            changed = structs.changed(token_of(request), request.old_inputs, request.news, set())
            for key in table.recomputed(token_of(request), changed):
                state[key] = rpc.UNKNOWN
            return provider_pb2.UpdateResponse(properties=state)
        with self._told(context, "update", request):
            made = handler.change(logical_name(request), request.id, structs.given(request.news))
            state.update(made.outputs)
            return provider_pb2.UpdateResponse(properties=state)

    def Read(self, request: Any, context: Any) -> Any:
        if not request.properties:
            return self._read_unknown(request, context)
        handler, inputs = self._handler(request), structs.remembered(request.inputs)
        with self._told(context, "read", request):
            found = handler.look(logical_name(request), request.id, inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        drifted = {key: value for key, value in found.items() if value != inputs.get(key)}
        news, state = structs.copy(request.inputs), structs.copy(request.properties)
        news.update(drifted)
        state.update(drifted)
        return provider_pb2.ReadResponse(id=request.id, inputs=news, properties=state)

    def _read_unknown(self, request: Any, context: Any) -> Any:
        """Something that is not in the state: it is imported, or read by `get`."""
        handler = self._handler(request)
        with self._told(context, "read", request):
            inputs = handler.look(logical_name(request), request.id, {})
            if inputs is None:
                return provider_pb2.ReadResponse()
            found, outputs = imported(token_of(request), request.id, self._cloud)
        news: Struct = struct_pb2.Struct()
        news.update({**found, "region": self.region})
        state = structs.state(news)
        state.update(outputs)
        return provider_pb2.ReadResponse(id=request.id, inputs=news, properties=state)

    def Delete(self, request: Any, context: Any) -> Any:
        handler = self._handler(request)
        with self._told(context, "delete", request):
            handler.remove(
                logical_name(request), request.id, structs.remembered(request.old_inputs)
            )
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        """The questions that the component and the documents ask."""
        identity = self._cloud.sts.get_caller_identity()
        account, arn = identity["Account"], identity["Arn"]
        partition = {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws"}
        region = {"region": self.region, "id": self.region, "name": self.region}
        answers: dict[str, dict[str, str]] = {
            "aws:index/getCallerIdentity:getCallerIdentity": {
                "accountId": account, "id": account, "arn": arn, "userId": identity["UserId"]
            },
            "aws:index/getPartition:getPartition": {
                **partition, "reverseDnsPrefix": "com.amazonaws"
            },
            "aws:index/getRegion:getRegion": {
                **region, "description": "", "endpoint": f"ec2.{self.region}.amazonaws.com"
            },
        }  # fmt: skip
        if request.tok == "aws:s3/getBucket:getBucket":
            try:
                answers[request.tok] = described(self._cloud, request.args["bucket"])
            except ClientError as error:
                context.abort(grpc.StatusCode.UNKNOWN, f"reading S3 Bucket: {error}")
        if request.tok not in answers:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"the stand-in knows no {request.tok}")
        answer: Struct = struct_pb2.Struct()
        answer.update(answers[request.tok])
        return provider_pb2.InvokeResponse(**{"return": answer})

    def _handler(self, request: Any) -> Resource:
        return resource_for(token_of(request), self._cloud)

    @contextmanager
    def _told(self, context: Any, operation: str, request: Any) -> Iterator[None]:
        """What goes wrong becomes an error of the resource, as the real provider's would."""
        try:
            self.watcher(operation, logical_name(request))
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
