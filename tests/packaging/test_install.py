"""`pip install` of this repository gives the component, with the Lambda code inside."""

import os
import sys
from pathlib import Path

from tests.packaging.installed import BUILD, ROOT, Installed, checkout, run

DEPLOY = """
import json, pathlib, sys
import pulumi
from pulumi.runtime import mocks
from silent_scalper import EmailOn, SilentScalperPipeline, SilentScalperPipelineArgs
import silent_scalper

class Cloud(mocks.Mocks):
    def new_resource(self, args):
        if args.typ == "aws:lambda/function:Function":
            FUNCTIONS[args.name] = {
                name: asset.path
                for name, asset in args.inputs["code"].assets.items()
                if not name.startswith("operate/")
            }
        return args.name, {**args.inputs, "arn": "arn", "bucket": "b", "name": "n", "url": "u"}
    def call(self, args):
        return {"accountId": "123456789012"}

FUNCTIONS = {}

@pulumi.runtime.test
def deploy():
    pipeline = SilentScalperPipeline("intake", {"email_on": EmailOn.FAILURES})
    return pulumi.Output.all(pipeline.processor_function, pipeline.rescuer_function)

pulumi.runtime.set_mocks(Cloud(), project="reuse", stack="test")
deploy()
home = str(pathlib.Path(silent_scalper.__file__).parent)
print(json.dumps({"home": home, "functions": FUNCTIONS}))
"""

UNPACK = """
import json, pathlib, shutil, sys
from silent_scalper.archive import checker_code, handler_code

target = pathlib.Path(sys.argv[1])
for code in (handler_code(), checker_code()):
    for name, asset in code.assets.items():
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asset.path, copy)
print(json.dumps(str(target)))
"""


def test_the_installed_component_deploys_the_lambda_code_that_came_with_it(
    installed: Installed,
) -> None:
    answer = installed.answer(DEPLOY)
    home, functions = Path(answer["home"]), answer["functions"]
    assert home.is_relative_to(installed.folder), "the package is the installed one"
    assert set(functions) == {"intake-processor", "intake-rescuer", "intake-checker"}
    code = ROOT / "handler"
    there = {path.relative_to(code).as_posix() for path in code.rglob("*.py")} - {"testing.py"}
    for function, files in functions.items():
        called = "handler" if function == "intake-checker" else "silent_scalper"
        handler = {
            name.removeprefix(f"{called}/"): Path(path)
            for name, path in files.items()
            if name.startswith(f"{called}/")
        }
        assert handler.keys() == there, "every module, and no __pycache__ that pip has made"
        assert handler == {name: home / "handler" / name for name in there}
        others = {
            name: Path(path) for name, path in files.items() if not name.startswith(f"{called}/")
        }
        assert others == {name: home.parent / name for name in others}


def test_the_lambda_code_that_came_along_imports_by_itself(
    installed: Installed, tmp_path: Path
) -> None:
    archive = Path(installed.answer(UNPACK, tmp_path / "task"))
    for entry in ("silent_scalper.processor", "silent_scalper.rescuer", "operate.audit.daily"):
        program = f"import {entry} as m; assert callable(m.handler); print(m.__file__)"
        where = run(installed.python, "-c", program, cwd=archive)
        assert Path(where.strip()).is_relative_to(archive)


def test_an_install_from_any_source_leaves_nothing_behind_in_the_repository(
    installed: Installed, repository: Path
) -> None:
    assert run("git", "status", "--porcelain", cwd=repository) == ""


def test_the_types_of_the_component_are_seen_by_a_type_checker(installed: Installed) -> None:
    program = "import json, silent_scalper as s, pathlib; print(json.dumps(s.__file__))"
    assert (Path(installed.answer(program)).parent / "py.typed").is_file()


def test_a_wheel_is_the_same_byte_for_byte_whoever_builds_it(tmp_path: Path) -> None:
    """As `.github/build-release.sh` builds it: with the time of the commit."""
    wheels = []
    for number, name in enumerate(("here", "elsewhere")):
        folder = tmp_path / name
        folder.mkdir()
        checkout(folder)
        for path in folder.rglob("*.py"):
            os.utime(path, (number, number))
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
        run(sys.executable, "-c", BUILD, "build_wheel", cwd=folder, env=environment)
        (wheel,) = (folder / "dist").glob("*.whl")
        wheels.append(wheel.read_bytes())
    assert wheels[0] == wheels[1]
