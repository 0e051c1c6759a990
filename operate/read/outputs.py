"""The names of a deployment: from a file of stack outputs, or asked of Pulumi."""

import json
import shutil
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from .errors import OperateError

LOCAL = Path(".local/outputs.json")
"""What `make local` writes."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the stack exports, and where the emulator listens when it is a local deployment."""

    input_bucket: str
    quarantine_bucket: str
    metadata_table: str
    alerts_topic_arn: str
    processor_function: str
    rescuer_function: str
    endpoint: str | None = None

    @classmethod
    def from_mapping(cls, values: Any, source: str) -> Self:
        """Raise an `OperateError` that says why `source` is no deployment of Silent Scalper."""
        if not isinstance(values, dict):
            raise OperateError(f"{source} holds no stack outputs: a JSON object is expected.")
        names = [field.name for field in fields(cls) if field.name != "endpoint"]
        if missing := [name for name in names if not isinstance(values.get(name), str)]:
            raise OperateError(
                f"{source} is not of a Silent Scalper stack: it has no {', '.join(missing)}. "
                "Name another stack, or export these from your program as __main__.py does."
            )
        endpoint = values.get("endpoint")
        if endpoint is not None and urlsplit(endpoint).hostname not in _LOOPBACK:
            raise OperateError(
                f"{source} names the endpoint {endpoint}; only an emulator on this machine "
                "is asked by its endpoint. Remove it to ask AWS."
            )
        return cls(**{name: values[name] for name in names}, endpoint=endpoint)


def read_outputs(path: Path | None, stack: str | None) -> Outputs:
    """From the file, or of the Pulumi stack; exactly one must be named."""
    if path is not None and stack is not None:
        raise OperateError("Name --outputs or --stack, not both.")
    if path is not None:
        return _from_file(path)
    if stack is not None:
        return _from_pulumi(stack)
    hint = f" `make local` is running here: --outputs {LOCAL}" if LOCAL.exists() else ""
    raise OperateError(
        "Which deployment? Name a Pulumi stack (--stack dev), or a file of its outputs "
        f"(--outputs outputs.json, from `pulumi stack output --json`).{hint}"
    )


def _from_file(path: Path) -> Outputs:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = " Start the local deployment with `make local`." if path.name == LOCAL.name else ""
        raise OperateError(f"There is no file {path}.{hint}") from None
    except (OSError, ValueError) as error:
        raise OperateError(f"{path} cannot be read as JSON: {error}") from None
    return Outputs.from_mapping(values, str(path))


def _from_pulumi(stack: str) -> Outputs:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise OperateError(
            "The pulumi command is not on the PATH. Install it, or save the outputs where it is "
            "(`pulumi stack output --json > outputs.json`) and name them with --outputs."
        )
    asked = subprocess.run(
        [pulumi, "stack", "output", "--json", "--non-interactive", "--stack", stack],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise OperateError(
            f"Pulumi has no outputs of the stack {stack}: {asked.stderr.strip()}\n"
            "Run this in the folder of the Pulumi program; `pulumi stack ls` lists its stacks."
        )
    try:
        values = json.loads(asked.stdout)
    except ValueError as error:
        raise OperateError(f"Pulumi's answer cannot be read: {error}") from None
    return Outputs.from_mapping(values, f"The stack {stack}")
