"""Files, wheels and folders for the tests, made on the spot."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from silent_scalper_code.source import File
from silent_scalper_code.target import Target

ARM, X86 = 183, 62
"""`e_machine` of an ELF file, as its specification numbers them."""

LAMBDA = Target()
MAIN = "def process(file):\n    return None\n"


def elf(machine: int, *strings: str) -> bytes:
    """The beginning of a compiled file, and strings as its symbol table has them."""
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + (3).to_bytes(2, "little")
    table = b"\0" + b"\0".join(text.encode() for text in strings) + b"\0"
    return header + machine.to_bytes(2, "little") + bytes(44) + table


def folder(path: Path, files: Mapping[str, str | bytes]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def files(given: Mapping[str, str | bytes]) -> list[File]:
    return [
        File(name, len(data), lambda data=data: data)  # type: ignore[misc]
        for name, text in given.items()
        for data in [text.encode() if isinstance(text, str) else text]
    ]


def wheel(
    place: Path,
    name: str,
    version: str = "1.0",
    tag: str = "py3-none-any",
    *,
    content: Mapping[str, str | bytes] | None = None,
    requires: tuple[str, ...] = (),
    commands: Mapping[str, str] | None = None,
) -> Path:
    """A wheel that pip and uv install, as the specification of wheels has it."""
    place.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {it}\n" for it in requires)
    entries = {
        **(content or {f"{name}/__init__.py": f"VERSION = {version!r}\n"}),
        f"{about}/METADATA": metadata,
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if commands:
        lines = "".join(f"{command} = {target}\n" for command, target in commands.items())
        entries[f"{about}/entry_points.txt"] = f"[console_scripts]\n{lines}"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    path = place / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in entries.items():
            data = text.encode() if isinstance(text, str) else text
            archive.writestr(entry, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.writerow([entry, f"sha256={digest}", len(data)])
        rows.writerow([f"{about}/RECORD", "", ""])
        archive.writestr(f"{about}/RECORD", record.getvalue())
    return path
