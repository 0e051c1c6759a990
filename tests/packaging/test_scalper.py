"""The operator's command: in a checkout, and where it is installed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.packaging.installed import ROOT, Installed, run


def test_the_installed_package_brings_the_command(installed: Installed, tmp_path: Path) -> None:
    answer = run(installed.folder / "bin" / "scalper", "status", "--help", cwd=tmp_path)
    assert "Is everything well?" in answer


def test_the_installed_command_has_the_whole_page(installed: Installed, tmp_path: Path) -> None:
    program = (
        "import json; from silent_scalper_operate import console; console._find_the_handler()\n"
        "from silent_scalper_operate.web.files import files; print(json.dumps(sorted(files())))"
    )
    there = installed.answer(program)
    assert there == ["/", *sorted(f"/{it.name}" for it in (ROOT / "operate/web/page").iterdir())]


def test_the_command_does_not_start_pulumi(installed: Installed, tmp_path: Path) -> None:
    program = (
        "import sys; from silent_scalper_operate.console import main\n"
        "try: main()\n"
        "except SystemExit: print('pulumi' in sys.modules, 'handler.aws.records' in sys.modules)"
    )
    answer = run(installed.python, "-c", program, "--help", cwd=tmp_path)
    assert answer.splitlines()[-1] == "False True"


def test_without_what_it_stands_on_it_says_what_to_install(
    installed: Installed, tmp_path: Path
) -> None:
    program = (
        "import sys; sys.modules['rich'] = None\n"
        "from silent_scalper_operate.console import main; main()"
    )
    done = subprocess.run(
        [installed.python, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "pip install 'silent-scalper[scalper]'" in done.stderr


def test_in_a_checkout_it_works_from_any_folder_whatever_lies_there(tmp_path: Path) -> None:
    for name in ("handler", "operate", "click", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not the command')")
    (tmp_path / "link").symlink_to(ROOT / "scalper")
    for command in (ROOT / "scalper", tmp_path / "link"):
        assert "Is everything well?" in run(command, "status", "--help", cwd=tmp_path)


def test_in_a_checkout_without_an_environment_it_makes_one_first(tmp_path: Path) -> None:
    (tmp_path / "scalper").write_bytes((ROOT / "scalper").read_bytes())
    (tmp_path / "scalper").chmod(0o755)
    (tmp_path / "Makefile").write_text(
        f".venv/.ready:\n\t@mkdir -p .venv/bin && ln -s {sys.executable} .venv/bin/python\n"
        "\t@touch .venv/.ready && echo made\n"
    )
    (tmp_path / "operate").mkdir()
    (tmp_path / "operate" / "__main__.py").write_text("print('started')")
    done = subprocess.run(
        [tmp_path / "scalper"],
        cwd=tmp_path.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("started\n", "made\n")
