"""What a user's module may be called, and whose package it gets, on AWS's own runtime client."""

import importlib.util
from pathlib import Path

from .deployment import Lambda

MAIN = """
import botocore, botocore.exceptions, handler, process, records
from silent_scalper import File, Rejection

def process_file(file: File) -> dict:
    if file.name == "refused.csv":
        raise Rejection("REFUSED", "as it should be")
    return {
        "handler": handler.NAME, "process": process.NAME, "records": records.NAME,
        "botocore": botocore.__file__,
    }
"""
"""`records` is the name of a module of ours, `process` that of the folder."""


def test_the_users_modules_and_packages_come_first_whatever_they_are_called(
    function: Lambda, tmp_path: Path
) -> None:
    own = {f"{name}.py": f"NAME = 'my {name}'" for name in ("handler", "process", "records")}
    function.deploy(MAIN, files=own, process_entry="main.process_file")
    # As a package of the requirements lies there.
    spec = importlib.util.find_spec("botocore")
    assert spec is not None
    assert spec.origin is not None
    (function.task / "packages").mkdir()
    (function.task / "packages" / "botocore").symlink_to(Path(spec.origin).parent)
    upload, refused = function.world.upload("a.csv"), function.world.upload("in/refused.csv")
    for each in (upload, refused):
        ended = function.invoke(each)
        assert ended.succeeded, ended.payload
    result = function.world.record(upload)["result"]
    assert result.pop("botocore").startswith(str(function.task / "packages"))
    assert result == {name: f"my {name}" for name in ("handler", "process", "records")}
    assert function.world.record(refused)["reason_code"] == "REFUSED"
