"""A pipeline whose functions run as on Lambda, on an account of moto's."""

import itertools
import json
import textwrap
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pulumi

from components import SilentScalperPipelineArgs
from handler.model.item import Item
from tests.component.recorder import Deployment
from tests.handler.world import Uploaded, World

from .archives import deployed, function_of
from .aws import Aws
from .instance import Instance, Invocation


class Rescuers:
    """Instances of the rescuer, which is the same in every test: one for each environment."""

    def __init__(self, runtime: Path, folder: Path) -> None:
        self._runtime, self._folder = runtime, folder
        self._running: dict[str, Instance] = {}
        self._stack = ExitStack()

    def of(self, deployment: Deployment, places: dict[str, str]) -> Instance:
        """One that is deployed so and alive."""
        variables = deployment.named("rescuer").inputs["environment"]["variables"]
        name = json.dumps(variables | places, sort_keys=True)
        running = self._running.get(name)
        if running is None or running.process.poll() is not None:
            folder = self._folder / str(len(self._running))
            function = function_of(deployment, "rescuer", places, folder)
            running = self._stack.enter_context(Instance(function, self._runtime))
            self._running[name] = running
        return running

    def close(self) -> None:
        self._stack.close()


class Lambda:
    """Deploys `process` as the user's code, and invokes what is deployed."""

    def __init__(
        self, world: World, aws: Aws, runtime: Path, folder: Path, rescuers: Rescuers
    ) -> None:
        self.world, self.aws = world, aws
        self._runtime, self._folder = runtime, folder
        self._rescuers = rescuers
        self._processor: Instance | None = None
        self._deployments = itertools.count()

    def deploy(
        self,
        process: str | None = None,
        *,
        files: dict[str, str] | None = None,
        memory_mb: int = 512,
        address_space_mb: int = 0,
        timeout_seconds: int = 60,
        **arguments: Any,
    ) -> None:
        """Deploy `process` as main.py, and `files` beside it; a new instance from here on.

        `memory_mb` is what Lambda would kill at; `arguments` are the component's.
        """
        args: SilentScalperPipelineArgs = {
            "memory_mb": memory_mb,
            "timeout_seconds": timeout_seconds,
            **arguments,  # type: ignore[typeddict-item]
        }
        number = next(self._deployments)
        if process is not None:
            code = self._folder / f"process-{number}"
            code.mkdir()
            for name, text in {"main.py": process, **(files or {})}.items():
                path = code / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(textwrap.dedent(text))
            args["process_code"] = pulumi.FileArchive(str(code))
        self._deployment = deployed(args)
        environment = self._places()
        task = self._folder / f"task-{number}"
        self._function = function_of(self._deployment, "processor", environment, task)
        self._address_space_mb = address_space_mb
        self.restart()

    @property
    def task(self) -> Path:
        """The unzipped archive of the processor."""
        return self._function.task

    def restart(self) -> None:
        """A new instance of the processor, as after a deployment or a death."""
        if self._processor:
            self._processor.close()
        self._processor = None

    @property
    def processor(self) -> Instance:
        """The running instance; a new one if the last has died."""
        if self._processor is None or self._processor.process.poll() is not None:
            self.restart()
            self._processor = Instance(
                self._function, self._runtime, address_space_mb=self._address_space_mb
            )
        return self._processor

    def invoke(
        self,
        upload: Uploaded | Any,
        request_id: str = "request-1",
        *,
        timeout_seconds: float | None = None,
    ) -> Invocation:
        """Invoke the processor once with the event of an upload, or with any event."""
        event = upload.event if isinstance(upload, Uploaded) else upload
        return self.processor.invoke(event, request_id, timeout_seconds=timeout_seconds)

    def rescue(self, failed: Invocation) -> Invocation:
        """Give the rescuer, on an instance of its own, the failure record of the last try."""
        rescuer = self._rescuers.of(self._deployment, self._places())
        rescued = rescuer.invoke(failed.failure_record(), "the-rescuers-own-request")
        assert rescued.succeeded, (rescued.payload, rescued.stdout)
        return rescued

    def fate_of(self, upload: Uploaded, failed: Invocation) -> Item:
        """The record of an upload after the rescuer was given `failed` as the last try."""
        self.rescue(failed)
        return self.world.record(upload)

    def _places(self) -> dict[str, str]:
        """Where the account of the test differs from the names that the component made."""
        decided = {"SCALPER_RULES", "SCALPER_EMAIL_ON", "SCALPER_PROCESS_ENTRY"}
        places = {
            name: value for name, value in self.world.environment.items() if name not in decided
        }
        return {**places, "SCALPER_RETRY_DELAYS_MINUTES": "", "AWS_ENDPOINT_URL": self.aws.endpoint}
