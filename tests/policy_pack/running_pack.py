"""The policy pack as the engine starts it: a process of its own that is asked over gRPC."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

PACK = Path(__file__).resolve().parents[2] / "policy_pack"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine says that a text is known only after deployment."""


@dataclass(frozen=True)
class Resource:
    """A resource as the engine shows it to a pack."""

    type: str
    props: Mapping[str, Any] = field(default_factory=dict)
    name: str = "it"
    stack: str = "prod"
    protect: bool = False
    refers_to: Mapping[str, "Resource"] = field(default_factory=dict)
    """The resource that each of some properties came from."""

    @property
    def urn(self) -> str:
        return f"urn:pulumi:{self.stack}::test::{self.type}::{self.name}"

    def request(self) -> analyzer_pb2.AnalyzeRequest:
        request = analyzer_pb2.AnalyzeRequest(type=self.type, urn=self.urn, name=self.name)
        request.properties.update(dict(self.props))
        request.options.protect = self.protect
        return request

    def in_stack(self) -> analyzer_pb2.AnalyzerResource:
        resource = analyzer_pb2.AnalyzerResource(type=self.type, urn=self.urn, name=self.name)
        resource.properties.update(dict(self.props))
        resource.options.protect = self.protect
        for key, source in self.refers_to.items():
            resource.propertyDependencies[key].urns.append(source.urn)
        return resource


@dataclass(frozen=True)
class Pack:
    """Answers with what each policy says: its name, then its message."""

    stub: Any

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for policy, properties in settings.items():
            one = request.policyConfig[policy]
            one.enforcementLevel = analyzer_pb2.MANDATORY
            one.properties.CopyFrom(struct_pb2.Struct())
            one.properties.update(dict(properties))
        assert isinstance(self.stub.Configure(request), empty_pb2.Empty)

    def about(self, request: analyzer_pb2.AnalyzeRequest) -> list[tuple[str, str]]:
        return _said(self.stub.Analyze(request))

    def about_stack(
        self, resources: Sequence[analyzer_pb2.AnalyzerResource]
    ) -> list[tuple[str, str]]:
        return _said(self.stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources)))

    def policies(self) -> list[Any]:
        return list(self.stub.GetAnalyzerInfo(empty_pb2.Empty()).policies)


def _said(response: Any) -> list[tuple[str, str]]:
    return [(one.policyName, one.message) for one in response.diagnostics]


@contextmanager
def started(folder: Path = PACK) -> Iterator[Pack]:
    command = [sys.executable, "-u", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = f"127.0.0.1:{int(process.stdout.readline())}"
            with grpc.insecure_channel(address) as channel:
                yield Pack(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.terminate()
