"""The package, installed from a wheel, from a source distribution and from a git checkout."""

from pathlib import Path

import pytest

from tests.packaging.installed import Installed, build, checkout, install


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session", params=["wheel", "sdist", "git"])
def installed(
    request: pytest.FixtureRequest, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    source = f"git+file://{repository}"
    if request.param != "git":
        source = str(build(repository, request.param))
    return install(source, tmp_path_factory.mktemp(request.param) / "venv")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that nobody overlooks: the dots of skipped tests say nothing."""
    from tests.packaging import test_git_source
    from tests.packaging.test_examples import not_run

    left_out = [f"{name} ({why})" for name, why in not_run(terminalreporter.config).items()]
    if why := test_git_source.not_run(terminalreporter.config):
        left_out.append(f"the plug-in from git ({why})")
    if left_out:
        terminalreporter.write_line(
            f"EXAMPLES SKIPPED, so NOT TESTED: {'; '.join(left_out)}", yellow=True, bold=True
        )
