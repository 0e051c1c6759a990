"""What dependencies cost in a preview of a program that has not changed.

    python -m benchmarks.preview

Previews the same program again and again, once with a `requirements.txt` that was resolved before
and once without, each in a process of its own, and compares the CPU time of the processes. The
Pulumi engine is stood in for by Pulumi's mocks, so that what is counted is the program's. Nothing
is asked over the network: the requirement is a wheel that is made here.
"""

import os
import resource
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS = 15
PACKAGE_FILES, FILE_BYTES = 500, 10_000
"""About what pydantic brings, five megabytes in a few hundred files."""
MOST = 1.2

PREVIEW = """
import asyncio, sys
import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_pulumi_func

class Answers(mocks.Mocks):
    def new_resource(self, args):
        return "", args.inputs
    def call(self, args):
        return {"accountId": "123456789012", "id": "1", "arn": "1", "userId": "1"}

async def program():
    from components import SilentScalperPipeline
    SilentScalperPipeline("intake", {"process_code": sys.argv[1]})

async def main():
    mocks.set_mocks(Answers(), "project", "stack", preview=True)
    await run_pulumi_func(program)

asyncio.run(main())
"""


def main() -> None:
    with TemporaryDirectory() as name:
        place = Path(name)
        environment = {
            **os.environ,
            "SILENT_SCALPER_CACHE": str(place / "cache"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(_wheels(place / "wheels")),
        }
        without = _code(place / "without", {})
        with_them = _code(place / "with", {"requirements.txt": "large==1.0\n"})
        resolving = _cpu_seconds(with_them, environment)
        _cpu_seconds(without, environment)
        pairs = [
            (_cpu_seconds(without, environment), _cpu_seconds(with_them, environment))
            for _ in range(ROUNDS)
        ]
    bare, dependent = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(after / before for before, after in pairs)
    print(f"without dependencies     {bare:.2f} s of CPU time (median of {ROUNDS})")
    print(f"with them, the first     {resolving:.2f} s (they are resolved)")
    print(f"with them, unchanged     {dependent:.2f} s")
    print(f"ratio                    {ratio:.3f} (at most {MOST} is promised)")
    sys.exit(ratio > MOST)


def _cpu_seconds(code: Path, environment: Mapping[str, str]) -> float:
    """Of one preview, user and system, and of what it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", PREVIEW, str(code)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _code(folder: Path, more: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in {"main.py": "def process(file):\n    return None\n", **more}.items():
        (folder / name).write_text(text)
    return folder


def _wheels(folder: Path) -> Path:
    folder.mkdir()
    about = "large-1.0.dist-info"
    with zipfile.ZipFile(folder / "large-1.0-py3-none-any.whl", "w") as wheel:
        for number in range(PACKAGE_FILES):
            wheel.writestr(f"large/m{number}.py", f"# {number}\n".ljust(FILE_BYTES, "#"))
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: large\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", f"{about}/METADATA,,\n{about}/WHEEL,,\n")
    return folder


if __name__ == "__main__":
    main()
