"""What a program registers, kept as the engine would show it to a pack."""

from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from tests.component.recorder import STACK
from tests.policy_pack.running_pack import Pack


class Seen:
    """Every registration, as the engine would show it to a pack, in the stack `stack`."""

    def __init__(self) -> None:
        self.requests: list[analyzer_pb2.AnalyzeRequest] = []
        self.resources: list[analyzer_pb2.AnalyzerResource] = []

    def add(self, request: Any, response: Any) -> None:
        known = {"type": request.type, "urn": response.urn, "name": request.name}
        asked = analyzer_pb2.AnalyzeRequest(**known, properties=request.object)
        made = analyzer_pb2.AnalyzerResource(**known, properties=response.object)
        for one in (asked, made):
            one.options.protect = request.protect
        for key, sources in request.propertyDependencies.items():
            made.propertyDependencies[key].urns.extend(sources.urns)
        self.requests.append(asked)
        self.resources.append(made)

    def in_stack(self, stack: str) -> "Seen":
        def there(urn: str) -> str:
            return urn.replace(f"urn:pulumi:{STACK}::", f"urn:pulumi:{stack}::")

        for request in self.requests:
            request.urn = there(request.urn)
        for resource in self.resources:
            resource.urn = there(resource.urn)
            for sources in resource.propertyDependencies.values():
                sources.urns[:] = [there(urn) for urn in sources.urns]
        return self


def complaints(pack: Pack, seen: Seen) -> set[str]:
    about_each = [policy for request in seen.requests for policy, _ in pack.about(request)]
    return {*about_each, *(policy for policy, _ in pack.about_stack(seen.resources))}
