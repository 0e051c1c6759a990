"""Where code is to run: in Lambda, or on this machine."""

import os
import platform
import sys
from dataclasses import dataclass

ARCHITECTURES = ("arm64", "x86_64")
"""As Lambda calls them."""

GLIBC = (2, 34)
"""Of Amazon Linux 2023, on which Lambda runs every Python from 3.12 on.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
"""

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Linux's names for the architectures, as wheels and compiled modules carry them."""
ELF_MACHINES = {"x86_64": 62, "arm64": 183}
"""`e_machine` of a compiled file. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""

_OLDEST_GLIBC = {"arm64": 17, "x86_64": 5}
"""From which manylinux exists: manylinux_2_17, and for x86-64 manylinux_2_5."""
_OLD_NAMES = {
    "arm64": ("manylinux2014",),
    "x86_64": ("manylinux2014", "manylinux2010", "manylinux1"),
}


TARGET_VARIABLE, THIS_MACHINE = "SILENT_SCALPER_TARGET", "this-machine"


@dataclass(frozen=True, slots=True)
class Target:
    """A Python on an architecture."""

    python: tuple[int, int] = (3, 12)
    architecture: str = "arm64"
    is_this_machine: bool = False
    """False for Lambda."""

    @classmethod
    def this_machine(cls) -> "Target":
        """The interpreter that runs this."""
        machine = platform.machine().lower()
        known = {"aarch64": "arm64", "amd64": "x86_64"}
        return cls(sys.version_info[:2], known.get(machine, machine), is_this_machine=True)

    @classmethod
    def of(cls, runtime: str, architecture: str) -> "Target":
        """A function's, by Lambda's words; or this machine, where an emulator will run it.

        `SILENT_SCALPER_TARGET=this-machine` says so.
        """
        if os.environ.get(TARGET_VARIABLE) == THIS_MACHINE:
            return cls.this_machine()
        major, minor = runtime.removeprefix("python").split(".")
        return cls((int(major), int(minor)), architecture)

    @property
    def version(self) -> str:
        return ".".join(map(str, self.python))

    @property
    def where(self) -> str:
        """For a sentence."""
        place = "this machine" if self.is_this_machine else "Lambda"
        return f"{place} (Python {self.version}, {self.architecture})"

    @property
    def runs_elf(self) -> bool:
        return not self.is_this_machine or sys.platform == "linux"

    @property
    def machine(self) -> str:
        """As Linux calls the architecture."""
        return _MACHINES.get(self.architecture, self.architecture)

    @property
    def platform_tags(self) -> list[str]:
        """What wheels may be built for, the newest first. https://peps.python.org/pep-0600/"""
        glibc, newest = GLIBC
        tags = [
            f"manylinux_{glibc}_{minor}_{self.machine}"
            for minor in range(newest, _OLDEST_GLIBC[self.architecture] - 1, -1)
        ]
        tags += [f"{name}_{self.machine}" for name in _OLD_NAMES[self.architecture]]
        return [*tags, f"linux_{self.machine}"]

    @property
    def marker_environment(self) -> dict[str, str]:
        """What conditions in requirements are about, such as `python_version < "3.13"`.

        https://packaging.python.org/en/latest/specifications/dependency-specifiers/
        """
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"{self.version}.0",
            "python_version": self.version,
            "sys_platform": "linux",
        }

    def differs_from_this_machine(self) -> bool:
        """True where compiled modules for Lambda cannot be loaded by this interpreter."""
        here = Target.this_machine()
        same = (self.python, self.architecture) == (here.python, here.architecture)
        return not (same and sys.platform == "linux")
