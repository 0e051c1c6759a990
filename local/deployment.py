"""The dev stack, deployed on an emulator of its own."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from silent_scalper_code.target import TARGET_VARIABLE, THIS_MACHINE

from .cloud import Cloud
from .emulator import Emulator
from .errors import ProgramError, UnsupportedError
from .program import Listener, deploy

ROOT = Path(__file__).resolve().parent.parent
STACK = "dev"
EXPORTS = (
    "input_bucket",
    "quarantine_bucket",
    "metadata_table",
    "alerts_topic_arn",
    "quiet_topic_arn",
    "processor_function",
    "rescuer_function",
)


@dataclass(frozen=True)
class Deployment:
    """A running deployment: the stack's outputs by name, and clients to reach it."""

    emulator: Emulator
    cloud: Cloud
    outputs: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    """What starting took: `emulator` and `program`."""
    notes: list[str] = field(default_factory=list)
    """What the program logged for people."""

    @property
    def input_bucket(self) -> str:
        return self.outputs["input_bucket"]

    @property
    def quarantine_bucket(self) -> str:
        return self.outputs["quarantine_bucket"]

    @property
    def table(self) -> str:
        return self.outputs["metadata_table"]

    @property
    def topic_arn(self) -> str:
        return self.outputs["alerts_topic_arn"]

    @property
    def topic_arns(self) -> list[str]:
        """Both: every outcome is published to one of them."""
        return [self.topic_arn, self.outputs["quiet_topic_arn"]]


@contextlib.contextmanager
def deployed(
    *,
    root: Path = ROOT,
    port: int = 0,
    retry_seconds: float = 0.5,
    enforces_access: bool = False,
    on_made: Listener = lambda made: None,
) -> Iterator[Deployment]:
    """Start an emulator, run the program against it; at the end nothing is left of either."""
    started = time.monotonic()
    with Emulator(
        port=port, retry_seconds=retry_seconds, enforces_access=enforces_access
    ) as emulator:
        ready = time.monotonic()
        cloud = Cloud(emulator.endpoint, emulator.region, emulator.certificate)
        notes: list[str] = []
        try:
            with _packed_for_this_machine():
                outputs = deploy(root, STACK, cloud, on_made, notes.append)
        except Exception as error:
            # An emulator that died explains any error better than the error does.
            emulator.check()
            if isinstance(error, ValueError):
                # How the component says that an argument is wrong, in words meant for people.
                raise ProgramError(
                    f"The program did not accept Pulumi.{STACK}.yaml: {error}"
                ) from error
            raise
        if missing := [name for name in EXPORTS if name not in outputs]:
            raise UnsupportedError(f"The program does not export {', '.join(missing)}.")
        took = {"emulator": ready - started, "program": time.monotonic() - ready}
        yield Deployment(emulator, cloud, outputs, took, notes)


@contextlib.contextmanager
def _packed_for_this_machine() -> Iterator[None]:
    """The emulator runs functions here, so packages must be built for here."""
    before = os.environ.get(TARGET_VARIABLE)
    os.environ[TARGET_VARIABLE] = THIS_MACHINE
    try:
        yield
    finally:
        del os.environ[TARGET_VARIABLE]
        if before is not None:
            os.environ[TARGET_VARIABLE] = before
