"""Compiled files that Lambda's machine or its Python could not load."""

import re

import pytest

from handler.aws import clients
from silent_scalper_code.checking import (
    OLDEST_BOTOCORE,
    cannot_be_loaded,
    old_botocore,
    too_large,
    too_large_to_send,
)
from silent_scalper_code.source import File
from silent_scalper_code.target import Target

from .made import ARM, LAMBDA, X86, elf, files

ON_X86 = Target(architecture="x86_64")
ON_313 = Target(python=(3, 13))


def told(given: dict[str, str | bytes], target: Target = LAMBDA) -> str:
    return "\n".join(cannot_be_loaded(files(given), target))


@pytest.mark.parametrize(
    ("name", "content", "target"),
    [
        ("a/x.cpython-312-aarch64-linux-gnu.so", elf(ARM), LAMBDA),
        ("a/x.cpython-312-x86_64-linux-gnu.so", elf(X86), ON_X86),
        ("a/x.cpython-313-aarch64-linux-gnu.so", elf(ARM), ON_313),
        ("a/x.abi3.so", elf(ARM), ON_313),
        ("a.libs/libz.so.1", elf(ARM, "GLIBC_2.17", "GLIBC_2.34"), LAMBDA),
        ("bin/scan", elf(ARM), LAMBDA),
        # Of these a package chooses one when it runs.
        ("debugger/attach_linux_amd64.so", elf(X86), LAMBDA),
        ("tools/scan-x86_64", elf(X86), LAMBDA),
        # Data, whatever they begin with.
        ("templates/setup.exe", b"MZ\x90", LAMBDA),
        ("a.so", b"", LAMBDA),
        ("cut-off.so", b"\x7fELF", LAMBDA),
    ],
)
def test_what_the_target_can_load_is_accepted(name: str, content: bytes, target: Target) -> None:
    assert told({name: content}, target) == ""


@pytest.mark.parametrize(
    ("name", "content", "target", "reason"),
    [
        ("x.cpython-312-x86_64-linux-gnu.so", elf(X86), LAMBDA, "compiled for x86-64"),
        ("x.cpython-312-aarch64-linux-gnu.so", elf(ARM), ON_X86, "compiled for arm64"),
        # The bytes decide, not the name.
        ("x.cpython-312-aarch64-linux-gnu.so", elf(X86), LAMBDA, "compiled for x86-64"),
        ("x.abi3.so", elf(X86), LAMBDA, "compiled for x86-64"),
        ("bin/scan", elf(X86), LAMBDA, "compiled for x86-64"),
        ("bin/scan", elf(243), LAMBDA, r"another machine \(ELF 243\)"),
        ("x.cpython-312-darwin.so", b"\xcf\xfa\xed\xfe", LAMBDA, "compiled for macOS"),
        ("x.cp312-win_amd64.pyd", b"MZ", LAMBDA, "compiled for Windows"),
        ("x.cpython-311-aarch64-linux-gnu.so", elf(ARM), LAMBDA, "compiled for Python 3.11"),
        ("x.cpython-312-aarch64-linux-gnu.so", elf(ARM), ON_313, "compiled for Python 3.12"),
        ("x.libs/libc.so", elf(ARM, "GLIBC_2.17", "GLIBC_2.38"), LAMBDA, "glibc 2.38, where"),
    ],
)
def test_what_the_target_cannot_load_is_named_with_what_it_is_for(
    name: str, content: bytes, target: Target, reason: str
) -> None:
    (sentence,) = cannot_be_loaded(files({name: content}), target)
    assert name in sentence
    assert re.search(reason, sentence)


def test_a_module_that_comes_in_a_variant_for_each_python_is_accepted() -> None:
    variants = [f"fast/x.cpython-3{minor}-aarch64-linux-gnu.so" for minor in (11, 12, 13)]
    assert told(dict.fromkeys(variants, elf(ARM))) == ""


def test_of_installed_packages_the_command_that_brings_the_right_wheels_is_told() -> None:
    compiled = "numpy/core.cpython-312-x86_64-linux-gnu.so"
    sentence = told(
        {
            compiled: elf(X86),
            "numpy-2.1.0.dist-info/METADATA": "Name: numpy\nVersion: 2.1.0\n",
            "numpy-2.1.0.dist-info/RECORD": f"{compiled},,\n",
            "other-1.dist-info/METADATA": "Name: other\nVersion: 1\n",
            "other-1.dist-info/RECORD": "other.py,,\n",
        }
    )
    assert sentence.endswith(
        "python -m pip install --upgrade --target YOUR_FOLDER --platform manylinux2014_aarch64 "
        "--python-version 3.12 --only-binary=:all: numpy==2.1.0"
    )


def sized(name: str, megabytes: float) -> File:
    return File(name, round(megabytes * 2**20), lambda: pytest.fail("need not be read"))


def test_250_megabytes_are_taken_and_more_are_refused_with_the_ten_largest_folders() -> None:
    parts = [sized(f"packages/p{number:02}/x.so", number) for number in range(1, 22)]
    assert sum(file.size_bytes for file in parts) == 231 * 2**20
    assert list(too_large([*parts, sized("process/data/a", 19)])) == []
    (sentence,) = too_large([*parts, sized("process/data/a", 19), sized("process/main.py", 0.1)])
    assert "unpacks to 250.1 MB; Lambda takes 250 MB" in sentence
    largest = sentence.partition("The largest: ")[2].split(", ")
    assert len(largest) == 10
    assert largest[:3] == ["packages/p21 21.0 MB", "packages/p20 20.0 MB", "packages/p19 19.0 MB"]
    assert "process/data 19.0 MB" in largest


def test_a_request_of_50_megabytes_is_taken_and_a_larger_one_refused() -> None:
    parts = [sized("packages/torch/a.so", 100)]
    assert list(too_large_to_send(52_428_800, parts)) == []
    (sentence,) = too_large_to_send(52_428_801, parts)
    assert "Lambda takes 50.0 MB in a request" in sentence
    assert "packages/torch 100.0 MB" in sentence


@pytest.mark.parametrize("version", ["1.40.61", "1.43.106", "2.0"])
def test_a_botocore_that_the_pipeline_can_call_through_is_accepted(version: str) -> None:
    assert list(old_botocore(files({f"botocore-{version}.dist-info/METADATA": ""}))) == []


def test_a_botocore_older_than_the_pipelines_calls_is_refused() -> None:
    (sentence,) = old_botocore(files({"lib/botocore-1.29.5.dist-info/METADATA": ""}))
    assert "botocore 1.29.5 comes with your code" in sentence
    assert OLDEST_BOTOCORE == clients.OLDEST_BOTOCORE
