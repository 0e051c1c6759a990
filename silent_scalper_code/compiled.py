"""Compiled files, by their first bytes and their names: can the target load them?"""

import re
from dataclasses import dataclass

from .target import ELF_MACHINES, GLIBC, Target

ELF = b"\x7fELF"
MACH_O = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
HEADER_BYTES = 20

_NAMES = {62: "x86-64", 183: "arm64", 3: "32-bit x86", 40: "32-bit arm"}
_FOR_A_PYTHON = re.compile(r"\.(?:cpython|pypy|graalpy)[-_]?(\d)(\d+)\w*[-.]")
_WINDOWS_PYTHON = re.compile(r"\.cp(\d)(\d+)-")
_EXTENSION = re.compile(r"\.(?:cpython-\d+\w*-[\w-]+|abi3)\.so$|\.pyd$|-darwin\.so$")
_NAMES_A_MACHINE = re.compile(
    r"(?<![a-z0-9])(amd64|x86[-_]64|x64|i[3-6]86|x86|arm64|aarch64|armv?\d\w*|ppc64(le)?|s390x|riscv64)"
    r"(?![a-z0-9])"
)
_GLIBC = re.compile(rb"\0GLIBC_2\.(\d{1,3})(?=\0)")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A compiled file that the target cannot load."""

    name: str
    is_for: str
    """What it was built for, for a sentence."""


def misfit(name: str, content: bytes, target: Target) -> Misfit | None:
    """The file, if the target cannot load it.

    A file that says in its name for which machine it is, and is no Python module, is one of
    several that its package chooses from: debuggers and the like bring one for each.
    """
    is_extension = _EXTENSION.search(name) is not None
    is_for = None
    if is_extension and name.endswith(".pyd"):
        is_for = "Windows"
    elif is_extension and content.startswith(MACH_O):
        is_for = "macOS"
    elif content.startswith(ELF) and len(content) >= HEADER_BYTES:
        if not is_extension and _NAMES_A_MACHINE.search(name.lower()):
            return None
        is_for = _wrong_machine(content, target) or _newer_glibc(content, target)
    return Misfit(name, is_for) if is_for and target.runs_elf else None


def _wrong_machine(content: bytes, target: Target) -> str | None:
    machine = int.from_bytes(content[18:20], "little" if content[5] == 1 else "big")
    if machine == ELF_MACHINES.get(target.architecture):
        return None
    return _NAMES.get(machine, f"another machine (ELF {machine})")


def _newer_glibc(content: bytes, target: Target) -> str | None:
    newest = max(map(int, _GLIBC.findall(content)), default=0)
    if target.is_this_machine or newest <= GLIBC[1]:
        return None
    return f"glibc 2.{newest}, where Lambda has {'.'.join(map(str, GLIBC))}"


def python_of(name: str) -> tuple[int, int] | None:
    """The Python that a compiled module is for, as its name says; None where it does not."""
    found = _FOR_A_PYTHON.search(name) or _WINDOWS_PYTHON.search(name)
    return (int(found[1]), int(found[2])) if found and _EXTENSION.search(name) else None


def is_executable(header: bytes) -> bool:
    """What Lambda should be able to start: a script that names its interpreter, or a binary.

    Decided by content, because a mode is lost on Windows, in some checkouts and in many a .zip,
    and would make another archive of the same files.
    """
    return header.startswith((b"#!", ELF))
