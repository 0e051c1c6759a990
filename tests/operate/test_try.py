"""`scalper try`: the rules and `process` on a file of this machine."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from components.checks import checked
from operate.read.deployment import Deployment
from operate.read.errors import OperateError
from tests.code.made import X86, elf

from .conftest import Scalper, World

ROOT = Path(__file__).resolve().parents[2]

PROCESS = """
import os
from silent_scalper import File, Rejection
from helper import columns

def process(file):
    print("printed")
    with file.open() as stream:
        text = stream.read().decode()
    if "reject" in text:
        raise Rejection("BAD_HEADER", "The first column must be 'id'.")
    if "fail" in text:
        raise KeyError("price")
    if "slow" in text:
        while True:
            pass
    return {"columns": columns(text), "key": file.key, "mode": os.environ.get("TRY_MODE")}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a program's configuration and code."""
    before = set(sys.modules), list(sys.path)
    for name in ("TRY_MODE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back when the test ends
    monkeypatch.setenv("TRY_MODE", "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text(PROCESS)
    (tmp_path / "code" / "helper.py").write_text("def columns(text): return text.count(',') + 1")
    configure(tmp_path, "dev", accepted_types=[".CSV", "json"], process_code="./code")
    yield tmp_path
    for name in set(sys.modules) - before[0]:
        if name in ("helper", "main", "silent_scalper"):
            del sys.modules[name]
    sys.path[:] = before[1]


def configure(folder: Path, stack: str, **arguments: Any) -> None:
    config = {"config": {"silent-scalper:pipeline": arguments}}
    (folder / f"Pulumi.{stack}.yaml").write_text(json.dumps(config))


def put(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def test_a_good_file_is_accepted_with_what_process_returned(folder: Path, scalper: Scalper) -> None:
    answer = scalper("try", put(folder, "a.csv", "id,b"))
    assert answer.exit_code == 0
    assert "a.csv  4 bytes  ● PROCESSED" in answer.stdout
    assert '"columns": 2' in answer.stdout
    assert "by the rules of Pulumi.dev.yaml and main.process in code" in answer.stdout


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.exe", "x", "● QUARANTINED  WRONG_TYPE"),
        ("a.csv", "", "● QUARANTINED  EMPTY_FILE"),
        ("a.csv", "reject", "● QUARANTINED  BAD_HEADER"),
        ("a.csv", "fail", "● FAILED  PROCESS_FAILED"),
    ],
)
def test_a_bad_file_is_told_why_by_the_handlers_own_words(
    folder: Path, scalper: Scalper, name: str, text: str, told: str
) -> None:
    answer = scalper("try", put(folder, name, text))
    assert answer.exit_code == 1
    assert told in answer.stdout
    assert "  Why     " in answer.stdout


def test_what_process_raised_is_shown_where_it_was_raised(folder: Path, scalper: Scalper) -> None:
    answer = scalper("try", put(folder, "a.csv", "fail"))
    assert "Why     process raised KeyError: 'price'" in answer.stdout
    assert 'raise KeyError("price")' in answer.stdout


def test_a_process_that_does_not_return_is_stopped_at_the_stacks_time_out(
    folder: Path, scalper: Scalper
) -> None:
    configure(folder, "dev", process_code="code", timeout_seconds=1)
    answer = scalper("try", put(folder, "a.csv", "slow"))
    assert "● FAILED  PROCESS_TIMED_OUT" in answer.stdout


def test_what_is_passed_over_is_no_trouble(folder: Path, scalper: Scalper) -> None:
    configure(folder, "dev", ignore_patterns=["*.tmp"], prefix="in/")
    answer = scalper("try", put(folder, "a.tmp", "x"), "--key", "in/a.tmp")
    assert (answer.exit_code, "● PASSED OVER" in answer.stdout) == (0, True)
    answer = scalper("try", put(folder, "a.csv", "x"))
    assert "● PASSED OVER" in answer.stdout
    assert "● PROCESSED" in scalper("try", "a.csv", "--key", "in/a.csv").stdout


def test_the_stack_that_is_named_decides(folder: Path, scalper: Scalper) -> None:
    configure(folder, "prod", process_code="code", process_environment={"TRY_MODE": "1"})
    told = json.loads(scalper("try", put(folder, "a.x", "x"), "--stack", "prod", "--json").stdout)
    (file,) = told["files"]
    assert (file["fate"], file["result"]["mode"]) == ("PROCESSED", "1")
    assert told["rules_of"] == "Pulumi.prod.yaml"
    with pytest.raises(OperateError, match=r"There is no Pulumi\.nope\.yaml"):
        scalper("try", "a.x", "--stack", "nope")


def test_code_can_be_named_without_any_stack(folder: Path, scalper: Scalper) -> None:
    (folder / "Pulumi.dev.yaml").unlink()
    answer = scalper("try", put(folder, "a.any", "x"), "--process", "code")
    assert "● PROCESSED" in answer.stdout
    assert "the component's defaults" in answer.stdout
    with pytest.raises(OperateError, match="--process"):
        scalper("try", "a.any")


def test_code_may_be_a_zip(folder: Path, scalper: Scalper) -> None:
    with zipfile.ZipFile(folder / "code.zip", "w") as archive:
        for name in ("main.py", "helper.py"):
            archive.write(folder / "code" / name, name)
    answer = scalper("try", put(folder, "a.csv", "a,b"), "--process", "code.zip")
    assert '"columns": 2' in answer.stdout


def test_code_that_cannot_be_imported_is_told(folder: Path, scalper: Scalper) -> None:
    put(folder, "a.csv", "x")
    with pytest.raises(OperateError, match=r"'main\.nope' cannot be imported"):
        scalper("try", "a.csv", "--entry", "main.nope")
    configure(folder, "dev", process_code="./missing")
    with pytest.raises(
        OperateError, match=r"must be a folder or a \.zip; there is no '\./missing'"
    ):
        scalper("try", "a.csv")


def test_a_deployments_own_rules_can_be_asked_for(
    world: World, folder: Path, scalper: Scalper
) -> None:
    world.tell_rules(accepted_types=["json"])
    answer = scalper("try", put(folder, "a.csv", "x"), "--outputs", "outputs.json")
    assert "● QUARANTINED  WRONG_TYPE" in answer.stdout
    assert "the rules of project-stack-intake and no code" in answer.stdout


def deploy_code(world: World, *, stack_file: bool, folder: Path) -> None:
    world.tell(SCALPER_PROCESS_ENTRY="main.process", TRY_MODE="deployed", SCALPER_EMAIL_ON="none")
    (folder / "Pulumi.dev.yaml").unlink()
    if stack_file:
        configure(folder, world.deployment.settings.stack, process_code="code")


def test_a_deployments_code_and_environment_are_used_where_its_program_is(
    world: World, folder: Path, scalper: Scalper
) -> None:
    deploy_code(world, stack_file=True, folder=folder)
    answer = scalper("try", put(folder, "a.csv", "x"), "--outputs", "outputs.json", "--json")
    told = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert told["files"][0]["result"]["mode"] == "deployed"
    assert os.environ["AWS_REGION"] == "eu-north-1"


def test_code_that_was_not_run_is_said_and_nothing_is_promised(
    world: World, folder: Path, scalper: Scalper
) -> None:
    deploy_code(world, stack_file=False, folder=folder)
    answer = scalper("try", put(folder, "a.csv", "x"), "--outputs", "outputs.json")
    assert answer.exit_code == 2
    said = " ".join(answer.stdout.split())
    assert "Not done: The deployment has code (main.process), which was not run" in said
    given = scalper("try", "a.csv", "--outputs", "outputs.json", "--process", "code")
    assert given.exit_code == 0
    assert "which was not run" not in given.stdout
    assert '"mode": "deployed"' in given.stdout


def test_the_deployments_own_prefix_and_suffix_decide(
    world: World, folder: Path, scalper: Scalper
) -> None:
    world.notify(("in/", ".csv"))
    put(folder, "a.csv", "x")
    assert "● PASSED OVER" in scalper("try", "a.csv", "--outputs", "outputs.json").stdout
    inside = scalper("try", "a.csv", "--key", "in/a.csv", "--outputs", "outputs.json")
    assert "● PROCESSED" in inside.stdout


def test_a_variable_can_be_given_in_place_of_the_configured_one(
    folder: Path, scalper: Scalper
) -> None:
    configure(folder, "dev", process_code="code", process_environment={"TRY_MODE": "1"})
    put(folder, "a.csv", "x")
    told = json.loads(scalper("try", "a.csv", "--json", "--env", "TRY_MODE=a=b").stdout)
    assert told["files"][0]["result"]["mode"] == "a=b"
    answer = scalper("try", "a.csv", "--env", "SECRET")
    assert "--env takes NAME=VALUE (got 'SECRET' without a value)" in answer.stderr


def test_a_variable_that_is_encrypted_is_said_to_be_missing_until_it_is_given(
    folder: Path, scalper: Scalper
) -> None:
    hidden = {"TRY_MODE": {"secure": "AAABADQ="}}
    configure(folder, "dev", process_code="code", process_environment=hidden)
    told = json.loads(scalper("try", put(folder, "a.csv", "x"), "--json").stdout)
    (sentence,) = [it for it in told["not_done"] if "TRY_MODE" in it]
    assert sentence == (
        "TRY_MODE is encrypted in Pulumi.dev.yaml and was not set; give it with "
        "--env TRY_MODE=VALUE."
    )
    told = json.loads(scalper("try", "a.csv", "--json", "--env", "TRY_MODE=2").stdout)
    assert not [it for it in told["not_done"] if "TRY_MODE" in it]


def test_what_a_preview_would_refuse_of_the_code_is_said_though_it_runs_here(
    folder: Path, scalper: Scalper
) -> None:
    (folder / "code" / "fast.so").write_bytes(elf(X86))
    (folder / "code" / "json.py").write_text("")
    answer = scalper("try", put(folder, "a.csv", "x"), "--json")
    told = json.loads(answer.stdout)
    assert (told["files"][0]["fate"], answer.exit_code) == ("PROCESSED", 1)
    with pytest.raises(ValueError, match="cannot be built") as previewed:
        checked("intake", cast(Any, {"process_code": "code"}))
    refused = [it.removeprefix("  - ") for it in str(previewed.value).splitlines()[1:]]
    assert told["preview_refuses"] == [
        it.replace("process_code (processCode):", "process_code:") for it in refused
    ]
    assert len(refused) == 2
    assert "would refuse this code:" in scalper("try", "a.csv").stdout


def test_what_it_did_not_do_is_said(folder: Path, scalper: Scalper) -> None:
    arn = "arn:aws:lambda:eu-north-1:123456789012:layer:pandas:7"
    configure(folder, "dev", process_code="code", process_layers=[arn])
    said = " ".join(scalper("try", put(folder, "a.csv", "x")).stdout.split())
    assert "Not done: nothing was uploaded, moved, recorded or published." in said
    assert "Not done: the permissions of the function's role and its memory were not" in said
    assert "Not done: 1 of process_layers are not here" in said


def test_an_emulators_deployment_is_what_your_code_then_asks(world: World) -> None:
    there = replace(world.outputs, endpoint="http://127.0.0.1:4566")
    found = Deployment(there, world.clients).environment_of_process
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SESSION_TOKEN"]) == ("test", "")
    assert not [name for name in found if name.startswith("SCALPER_")]
    assert "AWS_ENDPOINT_URL" not in world.deployment.environment_of_process


def test_what_process_prints_never_spoils_what_a_machine_reads(folder: Path) -> None:
    """It is the descriptors that are put aside, so this one is a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "operate", "try", put(folder, "a.csv", "x"), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCALPER_STACK": "dev"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout)["files"][0]["fate"] == "PROCESSED"
    assert "printed\n" in answer.stderr


AS_PEOPLE_WRITE_IT = {"accepted_types": ["*.csv", ".JSON"], "max_size_bytes": 100.0, "prefix": None}


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [
        ("a.csv", 100, "● PROCESSED"),
        ("a.json", 1, "● PROCESSED"),
        ("a.csv", 101, "● QUARANTINED  TOO_LARGE"),
        ("a.exe", 1, "● QUARANTINED  WRONG_TYPE"),
    ],
)
def test_arguments_are_read_as_the_deployment_reads_them(
    folder: Path, scalper: Scalper, name: str, size: int, told: str
) -> None:
    configure(folder, "dev", **AS_PEOPLE_WRITE_IT)
    assert told in scalper("try", put(folder, name, "x" * size)).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"max_size_bytes": "10MB"}, "max_size_bytes (maxSizeBytes) must be a whole number of"),
        ({"accepted_typs": ["csv"]}, "accepted_typs is not an argument; did you mean accepted_t"),
        ({"memory_mb": 1}, "memory_mb (memoryMb) must be a whole number from 128 to 10240 (got 1"),
        (
            {"process_entry": "a.b"},
            "process_entry (processEntry) does nothing without process",
        ),
        ({"min_size_bytes": 2, "max_size_bytes": 1}, "so no file would be taken; swap them"),
    ],
)
def test_what_a_preview_would_refuse_is_refused_here_in_its_words(
    folder: Path, scalper: Scalper, arguments: dict[str, Any], says: str
) -> None:
    configure(folder, "dev", **arguments)
    with pytest.raises(OperateError, match="`pulumi up` would refuse this pipeline:\n  - ") as told:
        scalper("try", put(folder, "a.csv", "x"))
    assert says in str(told.value)
    with pytest.raises(ValueError, match="cannot be built") as previewed:
        checked("intake", cast(Any, arguments))
    assert str(told.value).splitlines()[1:] == str(previewed.value).splitlines()[1:]


def test_what_is_encrypted_is_left_out_unless_it_decides(folder: Path, scalper: Scalper) -> None:
    secret = {"secure": "AAABADQ="}
    code = {"process_code": "code", "process_environment": {"TOKEN": secret, "TRY_MODE": "2"}}
    configure(folder, "dev", **code, alert_emails=[secret], kms_key_arn=secret)
    told = json.loads(scalper("try", put(folder, "a.csv", "x"), "--json").stdout)
    assert told["files"][0]["result"]["mode"] == "2"
    for name, hidden in (
        ("prefix", {"prefix": secret}),
        ("accepted_types", {"accepted_types": ["csv", secret]}),
        ("pipeline", secret),
    ):
        configure(folder, "dev", **cast(Any, hidden))
        with pytest.raises(OperateError, match=f"{name} cannot be read here because it is encry"):
            scalper("try", "a.csv")


@pytest.mark.parametrize("text", ["[", "config: [1]", "config: {'x:pipeline': 1}"])
def test_a_configuration_that_cannot_be_read_is_told(
    folder: Path, scalper: Scalper, text: str
) -> None:
    (folder / "Pulumi.dev.yaml").write_text(text)
    put(folder, "a.csv", "x")
    with pytest.raises(OperateError, match=r"Pulumi\.dev\.yaml"):
        scalper("try", "a.csv")


def test_several_files_are_decided_at_once(folder: Path, scalper: Scalper) -> None:
    answer = scalper("try", put(folder, "a.csv", "x"), put(folder, "b.exe", "x"))
    assert answer.exit_code == 1
    assert answer.stdout.count("●") == 2
    answer = scalper("try", "a.csv", "b.exe", "--key", "c.csv")
    assert "--key goes with one FILE" in answer.stderr
