"""microburst between the functions and the emulator: faults by rule, and a list of those made."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local.emulator import LOOPBACK, free_port

Rule = dict[str, Any]
PROXY = Path(__file__).with_name("proxy.py")

CALLS: dict[str, Rule] = {
    "PutItem": {"service": "dynamodb", "operation": "PutItem"},
    "UpdateItem": {"service": "dynamodb", "operation": "UpdateItem"},
    "Publish": {"service": "sns", "operation": "Publish"},
    "ListObjectVersions": {"service": "s3", "operation": "ListObjectVersions"},
    "HeadObject": {"service": "s3", "operation": "HeadObject"},
    "GetObject": {"service": "s3", "operation": "GetObject"},
    "CopyObject": {
        "service": "s3",
        "operation": "PutObject",
        "headers": {"x-amz-copy-source": ""},
    },
    "DeleteObject": {"service": "s3", "operation": "DeleteObject"},
}
"""Every call that the handler makes for a file that is accepted or rejected."""

WITHOUT_BODY = ("HeadObject", "DeleteObject")
"""The proxy cannot break off an answer that has no body."""

_THROTTLES = {
    "dynamodb": {"code": "ProvisionedThroughputExceededException"},
    "sns": {"code": "Throttled", "status": 429},
    "s3": {"code": "SlowDown", "status": 503},
}

FAULTS: dict[str, Any] = {
    "throttle": lambda service: {"error": _THROTTLES[service]},
    "5xx": lambda service: {"error": {"code": "InternalError", "status": 500}},
    "reset": lambda service: {"reset": True},
    "time-out": lambda service: {"timeout_ms": 400},
    # The call takes effect and its answer breaks off.
    "lost answer": lambda service: {"response": {"abort_bytes": 1}},
}


def every_fault_on_every_call(times: int) -> dict[str, Rule]:
    """Rules by name, `call: fault`. Some chances are let pass, so that they spread."""
    return {
        f"{call}: {fault}": {
            **where,
            **make(where["service"]),
            "times": times,
            "probability": 0.4,
        }
        for call, where in CALLS.items()
        for fault, make in FAULTS.items()
        if not (fault == "lost answer" and call in WITHOUT_BODY)
    }


class Faults:
    """The proxy as a child process. Faults begin when they are asked for."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://{LOOPBACK}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._names: dict[int, str] = {}

    def start(self, upstream: str, log: Path) -> None:
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, str(PROXY), "--upstream", upstream, "--no-resign"),
                    *("--host", LOOPBACK, "--port", str(self.port)),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        for _ in range(200):
            try:
                self._ask("GET", "health")
                return
            except urllib.error.URLError:
                time.sleep(0.05)
        raise RuntimeError(f"microburst did not start: {log.read_text()}")

    def make(self, rules: dict[str, Rule]) -> None:
        """Replace all rules by these, and count anew."""
        made = self._ask("POST", "rules", list(rules.values()))
        self._names = {rule["id"]: name for rule, name in zip(made, rules, strict=True)}
        self._ask("DELETE", "fired")

    def made(self) -> Counter[str]:
        """How often each rule was applied."""
        fired = self._ask("GET", "fired?limit=100000")
        return Counter(self._names[it["rule_id"]] for it in fired if it["rule_id"] in self._names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/_microburst/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            return json.loads(response.read())
