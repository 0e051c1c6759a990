"""Every wrong argument is refused before anything is deployed, with the way out."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import EmailOn, SilentScalperPipeline, SilentScalperPipelineArgs
from components.checks import CHECKS, checked
from silent_scalper_arguments.settings import Settings
from silent_scalper_arguments.shapes import LOG_RETENTION_DAYS
from tests.arguments.examples import CODE, EXAMPLES
from tests.component.recorder import deploy


def settings(args: Mapping[str, Any], name: str = "intake") -> Settings:
    return checked(name, args)  # type: ignore[arg-type] # what YAML and other languages can hold


def problems(args: Mapping[str, Any], name: str = "intake") -> list[str]:
    with pytest.raises(ValueError, match="cannot be built") as error:
        settings(args, name)
    first, *rest = str(error.value).splitlines()
    assert first == f"SilentScalperPipeline {name!r} cannot be built:"
    return [in_python_alone(line.removeprefix("  - ")) for line in rest]


def in_python_alone(problem: str) -> str:
    """Without the spelling of other languages, which has its own test."""
    return re.sub(r" \([a-z]+([A-Z][a-z]+)+\)", "", problem)


WORDS = "must be a whole number"
ARN = "arn:aws"
LAYER = "arn:aws:lambda:eu-north-1:123456789012:layer:pandas"

WRONG: list[tuple[str, Any, str]] = [
    *((name, it.wrong, f"{name} {it.says}") for name, it in EXAMPLES.items()),
    ("alert_emails", "ops@example.com", "must be a list (got 'ops@example.com'); write ['ops@ex"),
    ("alert_emails", ["a@b.example, c@d.example"], "(entry 1) must be one e-mail address"),
    ("alert_emails", ["ops@example.com", "Ops@Example.com"], "has 'ops@example.com' twice"),
    ("alert_emails", ["ok@example.com", 7], '(entry 2) must be text (got 7); write it in quotes'),
    ("email_on", True, "must be text (got True)"),
    ("accepted_types", ["csv", "*"], "(entry 2) must be an extension such as csv or tar.gz"),
    ("accepted_types", ["a/b"], "(entry 1) must be an extension"),
    ("max_size_bytes", 1.5, f"{WORDS} of at least 1 (got 1.5)"),
    ("max_size_bytes", "10MB", f"{WORDS} of at least 1 (got '10MB')"),
    ("max_size_bytes", True, f"{WORDS} of at least 1 (got True)"),
    ("accept_empty", 1, "must be true or false, without quotes (got 1)"),
    ("ignore_patterns", "*.tmp", "must be a list"),
    ("ignore_patterns", [""], "(entry 1) must leave some files to deal with (got '')"),
    ("prefix", "in box/", "use ignore_patterns for finer choices"),
    ("suffix", "x" * 1025, "may have at most 1024 characters, as a key has (got 1025)"),
    ("process_code", 7, "must be the path of a folder or a .zip, or an archive (got 7)"),
    ("process_code", __file__, "must be a folder or a .zip (got the file "),
    ("process_entry", "main.py:process", "main.process calls process() of main.py"),
    ("process_environment", ["A=b"], "must be a map of names to values"),
    ("process_environment", {"SCALPER_TABLE": "x"}, "(name 'SCALPER_TABLE') is reserved"),
    ("process_environment", {"_X_AMZN_TRACE_ID": "x"}, "(name '_X_AMZN_TRACE_ID') is res"),
    ("process_environment", {"_HANDLER": "x"}, "(name '_HANDLER') is reserved"),
    ("process_environment", {"LAMBDA_TASK_ROOT": "x"}, "(name 'LAMBDA_TASK_ROOT') is reserved"),
    ("process_environment", {"A-B": "x"}, "(name 'A-B') must be letters, digits and _"),
    ("process_environment", {"SIZE": 5}, "(value of 'SIZE') must be text (got a number); write"),
    ("process_environment", {"AWS_LAMBDA_RUNTIME_API": "x"}, "is reserved for Lambda, which sets"),
    ("process_environment", {"SIZE": "a\0b"}, "(value of 'SIZE') has a NUL character"),
    ("subnet_ids", ["subnet-0a1b2c3d"] * 17, "may have at most 16 entries (got 17)"),
    ("security_group_ids", ["sg-0a1b2c3d"] * 6, "may have at most 5 entries (got 6)"),
    ("security_group_ids", ["sg-0A1B2C3D"], "must be the id of a security group"),
    ("process_layers", ["x"] * 6, "may have at most 5 entries (got 6)"),
    ("process_layers", [f"{LAYER}:7", f"{LAYER}:8"], "twice (versions 7 and 8), and Lambda takes"),
    ("process_layers", [f"{LAYER}:7", f"{LAYER}:7"], "twice (versions 7 and 7)"),
    ("prefix", "/incoming/", "must not begin with / (got '/incoming/'): a key has none in front"),
    ("memory_mb", 10241, f"{WORDS} from 128 to 10240 (got 10241)"),
    ("timeout_seconds", 0, f"{WORDS} from 1 to 900 (got 0); omit it for 60"),
    ("timeout_seconds", 901, "Lambda ends a call after 15 minutes"),
    ("temporary_storage_mb", 10241, f"{WORDS} from 512 to 10240 (got 10241)"),
    ("reserved_concurrency", 0, "to pause a deployed one, type `scalper pause`; files"),
    ("retry_delays_minutes", [10, 0], f"(entry 2) {WORDS} from 1 to 43200 (got 0); [] switches"),
    ("retry_delays_minutes", [1] * 11, "may have at most 10 entries (got 11)"),
    ("retry_delays_minutes", [43200], "add up to 43200, and after 43200 minutes (quarantine_ret"),
    ("log_retention_days", 10, "(got 10); 7 is nearest"),
    ("log_retention_days", 0, f"{WORDS} of at least 1 (got 0); take one of CloudWatch's values"),
    ("tags", {"aws:team": "x"}, "(name 'aws:team') may not begin with aws:"),
    ("tags", {"Team": "a", "team": "b"}, "has 'Team' and 'team', which IAM takes for one name"),
    ("tags", {"Silent-Scalper:Pipeline": "a"}, "has 'silent-scalper:pipeline' and 'Silent-Sca"),
    ("tags", {"team": "a\nb"}, "(value of 'team') must be at most 256 letters, digits, spaces"),
    ("tags", {"team": "a\u2028b"}, "(value of 'team') must be at most 256 letters"),
    ("tags", {"": "x"}, "(name '') must be 1 to 128 letters"),
    ("tags", {"team": "x" * 257}, "(value of 'team') must be at most 256 letters"),
    ("kms_key_arn", f"{ARN}:kms:eu-north-1:123456789012:alias/files", "not of an alias"),
    ("kms_key_arn", 7, "must be text (got 7)"),
    ("permissions_boundary_arn", f"{ARN}:iam::123456789012:role/x", "of a managed policy"),
    ("tags", {"team": None}, "(value of 'team') must be text (got None)"),
    ("tags", {f"t{n}": "x" for n in range(50)}, "may have at most 49 entries (got 50)"),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "value", "says"), WRONG)
def test_a_wrong_value_is_named_with_its_limit_and_the_way_out(
    argument: str, value: Any, says: str
) -> None:
    about = [line for line in problems({argument: value}) if line.startswith(argument)]
    assert any(says in line for line in about), about


def test_every_argument_is_offered_and_none_is_required() -> None:
    offered = list(SilentScalperPipelineArgs.__annotations__)
    assert offered == list(CHECKS), "run `make arguments`"
    assert SilentScalperPipelineArgs.__required_keys__ == frozenset()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"record_retention_days": 0}, "record_retention_days (recordRetentionDays) must be"),
        ({"memoryMb": 512}, "memoryMb is not an argument; did you mean memory_mb (memoryMb)?"),
        ({"prefix": 1}, "- prefix must be text"),
        (
            {"min_size_bytes": 9, "max_size_bytes": 8},
            "min_size_bytes (minSizeBytes) (9) is more than max_size_bytes (maxSizeBytes) (8)",
        ),
    ],
)
def test_an_argument_is_named_as_every_language_spells_it(args: Any, says: str) -> None:
    with pytest.raises(ValueError, match="cannot be built") as error:
        settings(args)
    assert says in str(error.value)


def test_everything_wrong_is_said_at_once() -> None:
    found = problems(
        {"memory_mb": 1, "accept_empty": "no", "alert_emails": ["x", "y"], "colour": "red"}, "In"
    )
    assert len(found) == 6
    assert "the name must be lower-case" in found[0]


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("memory", "memory_mb"),
        ("alert_email", "alert_emails"),
        ("acceptedTypes", "accepted_types"),
        ("quarantine_retention", "quarantine_retention_days"),
        ("protected_data", "protect_data"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(mistyped: str, meant: str) -> None:
    assert problems({mistyped: 1}) == [f"{mistyped} is not an argument; did you mean {meant}?"]


def test_a_name_near_to_none_lists_them_all() -> None:
    (problem,) = problems({"colour": "red"})
    assert all(name in problem for name in CHECKS)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            {"min_size_bytes": 10, "max_size_bytes": 9},
            "min_size_bytes (10) is more than max_size_bytes (9)",
        ),
        (
            {"accept_empty": True, "min_size_bytes": 1},
            "accept_empty takes files of 0 bytes but min_size_bytes is 1; omit one of them",
        ),
        (
            {"record_retention_days": 59},
            "record_retention_days must be at least 60, twice quarantine_retention_days (30)",
        ),
        (
            {"record_retention_days": 90, "input_retention_days": 50},
            "record_retention_days must be at least 100, twice input_retention_days (50)",
        ),
        (
            {"input_retention_days": 1},
            "retry_delays_minutes add up to 1570, and after 1440 minutes (input_retention_days 1) "
            "the file that waits may be gone; shorten the one or raise the other",
        ),
        ({"process_entry": "a.b"}, "process_entry does nothing without process_code"),
        ({"process_environment": {"AB": "c"}}, "process_environment does nothing without"),
        ({"process_layers": []}, "process_layers does nothing without process_code"),
        ({"subnet_ids": ["subnet-0a1b2c3d"]}, "subnet_ids needs security_group_ids, at least one"),
        ({"security_group_ids": ["sg-0a1b2c3d"]}, "security_group_ids needs subnet_ids, at least"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(args: Any, says: str) -> None:
    (problem,) = problems(args)
    assert problem.startswith(says)


@pytest.mark.parametrize(
    "args",
    [
        {"min_size_bytes": 10, "max_size_bytes": 10},
        {"accept_empty": True, "min_size_bytes": 0},
        {"record_retention_days": 60},
        {"record_retention_days": 100, "input_retention_days": 50},
        {"input_retention_days": 3650},
        {"input_retention_days": 2},
        {"input_retention_days": 1, "retry_delays_minutes": []},
        {"log_retention_days": 3653},
        {"prefix": "year=2030/in_(1)!/"},
        {"memory_mb": 128, "timeout_seconds": 900, "temporary_storage_mb": 10240},
        {"reserved_concurrency": 1},
        {"tags": {"cost centre": "Ä/7:x+y=z@w", "team": "a\u00a0b", "teams": "c"}},
        {"tags": {"silent-scalper:pipeline": "mine"}},
        {"prefix": "incoming/", "suffix": "/a.csv"},
        {"process_code": CODE, "process_environment": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel"}},
        {"process_code": CODE, "process_environment": {"AWS_XRAY_CONTEXT_MISSING": "x"}},
        {"process_code": CODE, "process_layers": [f"{LAYER}:7", f"{LAYER}s:7"]},
        {"alert_emails": ["first.last+files@mail.example.co"]},
    ],
)
def test_values_at_the_limits_are_taken(args: Any) -> None:
    assert settings(args)


def test_a_wrong_argument_is_not_reported_twice() -> None:
    assert len(problems({"record_retention_days": 40, "quarantine_retention_days": "20"})) == 1
    assert len(problems({"process_code": "no/such/folder", "process_entry": "a.b"})) == 1


def test_numbers_of_other_languages_become_whole() -> None:
    memory = settings({"memory_mb": 1024.0}).memory_mb
    assert (memory, type(memory)) == (1024, int)


def test_nothing_given_is_nothing_wrong() -> None:
    assert settings({"memory_mb": None, "prefix": None}) == Settings()
    assert checked("intake", None) == Settings()


def test_arguments_that_are_no_map_are_refused() -> None:
    assert problems(["memory_mb"]) == [  # type: ignore[arg-type]
        "the arguments must be a map of names to values (got ['memory_mb'])"
    ]


def test_accepted_types_are_normalised() -> None:
    given = ["csv", ".CSV", "*.Tar.GZ", " json "]
    assert settings({"accepted_types": given}).accepted_types == ["csv", "tar.gz", "json"]


def test_the_choice_of_email_is_taken_by_its_word() -> None:
    assert settings({"email_on": "failures"}).email_on is EmailOn.FAILURES


def test_the_limits_of_logs_are_those_cloudwatch_takes() -> None:
    for days in LOG_RETENTION_DAYS:
        assert settings({"log_retention_days": days}).log_retention_days == days


def test_an_output_where_a_plain_value_belongs_is_refused_and_not_read() -> None:
    def program() -> None:
        later = pulumi.Output.from_input("ops@example.com")
        (problem,) = problems({"prefix": later})
        assert (
            problem == "prefix must be text (got an output, which is known only after deployment)"
        )
        found = problems({"alert_emails": later, "accept_empty": later, "memory_mb": later})
        assert len(found) == 3
        assert all("an output" in line for line in found)

    deploy(program)


def test_outputs_are_taken_where_they_may_be(process_code: Path) -> None:
    arn = "arn:aws-mock:lambda:eu-north-1:123456789012:layer:pandas:7"

    def program() -> None:
        later = pulumi.Output.from_input
        SilentScalperPipeline(
            "intake",
            {
                "process_code": later(pulumi.FileArchive(str(process_code))),
                "process_environment": {"TOKEN_NAME": later("token")},
                "process_layers": [later(arn)],
                "tags": {"team": later("data")},
            },
        )

    processor = deploy(program).named("processor").inputs
    assert processor["environment"]["variables"]["TOKEN_NAME"] == "token"
    assert processor["layers"] == [arn]
    assert processor["tags"]["team"] == "data"
    assert zipfile.is_zipfile(processor["code"].path)


def test_the_whole_environment_must_fit(process_code: Path) -> None:
    code = {"process_code": str(process_code)}
    assert settings({**code, "process_environment": {"LONG": "x" * 3000}})
    (problem,) = problems({**code, "process_environment": {"LONG": "x" * 3072}})
    assert "Lambda leaves 3072 of its 4096" in problem
    assert settings({"accepted_types": ["x" * 2500]})
    (problem,) = problems({"accepted_types": ["x" * 2600]})
    assert "Lambda leaves 2560 of its 4096" in problem, "the rescuer has variables for retries"
    (problem,) = problems({"ignore_patterns": [f"{n}*.tmp" for n in range(1000)]})
    assert "accepted_types and ignore_patterns take" in problem


def test_the_entry_must_be_in_the_code(process_code: Path, tmp_path: Path) -> None:
    folder = {"process_code": str(process_code)}
    assert settings(folder)
    (problem,) = problems({**folder, "process_entry": "intake.check.run"})
    assert problem.startswith("process_entry intake.check.run needs intake/check.py")
    assert problem.endswith("has main.py")
    packed = tmp_path / "code.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("intake/check/__init__.py", "def run(file): ...")
    assert settings({"process_code": str(packed), "process_entry": "intake.check.run"})
    (problem,) = problems({"process_code": pulumi.FileArchive(str(packed))})
    assert "needs main.py" in problem


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Intake", "must be lower-case letters, digits and -"),
        ("in_take", "must be lower-case letters, digits and -"),
        ("-intake", "the first no -"),
        ("", "must be lower-case letters"),
        ("xn--intake", "may not begin with xn--"),
        ("i" * 42, "at most 41 characters, because an IAM role may have 64"),
    ],
)
def test_a_name_from_which_aws_would_refuse_others_is_refused(name: str, says: str) -> None:
    (problem,) = problems({}, name)
    assert says in problem
    assert name in problem


def test_the_longest_name_makes_names_that_aws_takes() -> None:
    deployment = deploy(lambda: SilentScalperPipeline("i" * 41))
    limits = {"Bucket": 63, "Role": 64, "Function": 64, "Queue": 80, "MetricAlarm": 255,
              "Table": 255, "Topic": 256, "LogGroup": 512}  # fmt: skip
    for kind, limit in limits.items():
        for child in deployment.of(kind):
            assert len(f"{child.name}-1a2b3c4") <= limit, child.name


def test_a_refused_pipeline_registers_nothing() -> None:
    def program() -> None:
        with pytest.raises(ValueError, match="memory_mb"):
            SilentScalperPipeline("intake", {"memory_mb": 1})

    assert deploy(program).resources == []
