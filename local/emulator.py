"""The AWS emulator, MiniStack, as a child process that is ours alone."""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from .errors import EmulatorError

LOOPBACK = "127.0.0.1"
SERVICES = "s3,lambda,dynamodb,sns,sqs,logs,cloudwatch,iam,sts,events,scheduler,ssm,secretsmanager"
KEEPER = Path(__file__).with_name("keeper.py")
STARTS = 3
CERTIFICATE = Path("ministack-tls") / "server.crt"

# The emulator hands its whole environment to the functions, so it gets only what
# a process needs to run: no AWS_* of the caller, no proxy, no PYTHONPATH.
INHERITED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")


class Emulator:
    """A MiniStack on loopback, with its state in a private folder.

    `port` 0 takes a free one. Retries of asynchronous invocations, minutes on
    AWS, wait `retry_seconds` and then twice that. With `enforces_access` it speaks
    TLS and evaluates the policies of roles, buckets and topics; that needs `openssl`
    and twice the time. `switches` are settings of its own, which its functions see too.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        region: str = "us-east-1",
        retry_seconds: float = 0.5,
        enforces_access: bool = False,
        switches: Mapping[str, str] | None = None,
    ) -> None:
        self.region = region
        self.retry_seconds = retry_seconds
        self.enforces_access = enforces_access
        self._switches = dict(switches or {})
        self._wanted_port = port
        self._port = port
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.enforces_access else 'http'}://{LOOPBACK}:{self._port}"

    @property
    def certificate(self) -> Path | None:
        """What its TLS connections must be trusted by; it signs its own."""
        return self.folder / "tmp" / CERTIFICATE if self.enforces_access else None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise EmulatorError("The emulator is not running; call start() first.")
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Holds everything the emulator writes; gone after `stop`."""
        if self._folder is None:
            raise EmulatorError("The emulator is not running; call start() first.")
        return self._folder

    def start(self, *, within_seconds: float = 30) -> None:
        if self._wanted_port:
            require_free(self._wanted_port)
        try:
            for remaining in reversed(range(STARTS)):
                self._port = self._wanted_port or free_port()
                self._launch()
                try:
                    return self._wait_until_ready(within_seconds)
                except EmulatorError:
                    # Somebody may have taken the free port before the emulator did.
                    if (
                        self._wanted_port
                        or not remaining
                        or "already in use" not in self.log_tail()
                    ):
                        raise
                    self.stop()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the emulator and the functions it runs, and remove what they wrote."""
        process, self._process = self._process, None
        if process is not None:
            # Nothing is worth a graceful end: the state is thrown away.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def restart(self, *, within_seconds: float = 30) -> None:
        """End it gently and start it again, at the same place.

        What it holds outlives that with the switches PERSIST_STATE and S3_PERSIST; but the events
        that functions were dealing with or waiting for are lost, which on AWS they are not.
        """
        process = self._process
        if process is None:
            raise EmulatorError("The emulator is not running; call start() first.")
        process.terminate()
        process.wait(within_seconds)
        with contextlib.suppress(ProcessLookupError):
            # The functions that were running.
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        self._run("ab")
        self._wait_until_ready(within_seconds)

    def check(self) -> None:
        """Raise if the emulator has died since it started."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise EmulatorError(
                f"The emulator stopped by itself (exit code {code}); the end of its log:\n"
                f"{self.log_tail()}\nStart again; if it happens twice, this log says why."
            )

    def log_tail(self, lines: int = 15) -> str:
        text = (self.folder / "emulator.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])

    def _launch(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="silent-scalper-"))
        for name in ("tmp", "state"):
            (self._folder / name).mkdir()
        self._run("wb")

    def _run(self, log_mode: Literal["wb", "ab"]) -> None:
        with (self.folder / "emulator.log").open(log_mode) as log:
            self._process = subprocess.Popen(
                # -P: the script's own folder must not hide modules of the emulator.
                [sys.executable, "-P", str(KEEPER), str(self.folder)],
                cwd=self.folder,
                env=self._environment(self.folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, folder: Path) -> dict[str, str]:
        return {name: os.environ[name] for name in INHERITED if name in os.environ} | {
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "state" / "s3"),
            "GATEWAY_PORT": str(self._port),
            # By default it serves every interface, without a password, and runs code.
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_REGION": self.region,
            # These two would listen on every interface, whatever BIND_HOST says.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "SERVICES": SERVICES,
            # A bucket that refuses plain http needs TLS as soon as its policy counts.
            "AUTH": str(self.enforces_access).lower(),
            "USE_SSL": str(self.enforces_access).lower(),
            "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(self.retry_seconds),
            "LAMBDA_ASYNC_RETRY_MAX_SECONDS": str(2 * self.retry_seconds),
            **self._trust(folder),
            **self._switches,
        }

    def _trust(self, folder: Path) -> dict[str, str]:
        """How functions trust it. It would see to that, were the roots where OpenSSL says."""
        certificate = folder / "tmp" / CERTIFICATE
        return {"AWS_CA_BUNDLE": str(certificate)} if self.enforces_access else {}

    def _answers(self) -> bool:
        # No proxy: it would answer for itself.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        try:
            if self.certificate:
                trusting = ssl.create_default_context(cafile=self.certificate)
                handlers.append(urllib.request.HTTPSHandler(context=trusting))
            opener = urllib.request.build_opener(*handlers)
            with opener.open(f"{self.endpoint}/_ministack/ready", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def _wait_until_ready(self, within_seconds: float) -> None:
        deadline = time.monotonic() + within_seconds
        while time.monotonic() < deadline:
            self.check()
            if self._answers():
                return
            time.sleep(0.05)
        raise EmulatorError(
            f"The emulator was not ready within {within_seconds:g} s; the end of its log:\n"
            f"{self.log_tail()}"
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise EmulatorError(
                f"Port {port} of {LOOPBACK} cannot be used ({error.strerror}). Stop what uses it, "
                "or choose another port: make local LOCAL_PORT=4570 (0 takes any free one)."
            ) from None
