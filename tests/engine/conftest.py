"""The real engine, an emulator and a stand-in provider between them; skipped without `pulumi`."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.emulator import Emulator
from tests.engine.provider import StandIn, serving
from tests.engine.workspace import Engine, Stack, check_out

HERE = Path(__file__).parent
HEAVY = "heavy"
NOT_TESTED = (
    "ENGINE TESTS SKIPPED: pulumi is not on the PATH, so NOT TESTED: preview, up, refresh and "
    "destroy on the real engine (docs/engine-tests.md)."
)
TOO_LONG = "long; run by `make engine`"
LONG_NOT_TESTED = (
    "LONG ENGINE TESTS SKIPPED, {count} of them, so NOT TESTED: every kind of change, pipelines "
    "beside each other, runs that do not reach their end, other Pythons. `make engine` runs them."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--heavy", action="store_true", help="also the long engine tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{HEAVY}: long; run by `make engine`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    without_engine = pytest.mark.skip(reason="pulumi is not on the PATH")
    too_long = pytest.mark.skip(reason=TOO_LONG)
    for item in items:
        if HERE not in item.path.parents:
            continue
        if "shared_engine" in getattr(item, "fixturenames", ()) and shutil.which("pulumi") is None:
            item.add_marker(without_engine)
        elif item.get_closest_marker(HEAVY) and not config.getoption("--heavy", False):
            item.add_marker(too_long)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lines that nobody overlooks: the dots of skipped tests say nothing."""
    if shutil.which("pulumi") is None:
        terminalreporter.write_line(NOT_TESTED, yellow=True, bold=True)
        return
    reasons = [
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if report.nodeid.startswith("tests/engine/")
    ]
    if count := reasons.count(TOO_LONG):
        line = LONG_NOT_TESTED.format(count=count)
        terminalreporter.write_line(line, yellow=True, bold=True)
    for reason in sorted({*reasons} - {TOO_LONG}):
        terminalreporter.write_line(f"ENGINE TEST SKIPPED: {reason}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """What takes long to start, and has no place yet to keep stacks in."""
    folder = tmp_path_factory.mktemp("engine")
    with pytest.MonkeyPatch.context() as patch, Emulator(retry_seconds=0.2) as emulator:
        for name in list(os.environ):
            # The command must not see the stacks, the account or the token of who runs the tests.
            if name.startswith(("AWS_", "PULUMI_")):
                patch.delenv(name)
        cloud = Cloud(emulator.endpoint, emulator.region)
        stand_in = StandIn(cloud)
        with serving(stand_in) as port:
            environment = {
                "PULUMI_HOME": str(folder / "home"),
                "PULUMI_CONFIG_PASSPHRASE": "not a secret",
                "PULUMI_DEBUG_PROVIDERS": f"aws:{port}",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_ERROR_OUTPUT_STRING": "true",
                "NO_PROXY": "127.0.0.1",
            }
            yield Engine(cloud, stand_in, environment)


@pytest.fixture(scope="module")
def engine(shared_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """With a state of its own: a stack of another module's does not exist here."""
    state = {"PULUMI_BACKEND_URL": f"file://{tmp_path_factory.mktemp('state')}"}
    return replace(shared_engine, environment={**shared_engine.environment, **state})


@pytest.fixture(scope="module")
def new_stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Stack]:
    """Makes stacks, each in a checkout of its own."""

    def make(name: str = "dev", *, main: str | None = None) -> Stack:
        return Stack(engine, check_out(tmp_path_factory.mktemp("clone") / "it", main=main), name)

    return make
