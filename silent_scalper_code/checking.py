"""Would Lambda take the archive, and could its Python load what is in it?"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from .compiled import Misfit, misfit, python_of
from .errors import listed, megabytes
from .installed import Package, package_of
from .source import MAX_UNPACKED_BYTES, WHAT_LAMBDA_TAKES, File
from .target import Target
from .zipping import MAX_REQUEST_BYTES

LARGEST = 10
"""Folders that are named when there is too much."""

OLDEST_BOTOCORE = (1, 40, 61)
"""As the handler demands it: its calls go through a botocore that the user's code brings along."""


def too_large(files: Sequence[File]) -> Iterator[str]:
    total = sum(file.size_bytes for file in files)
    if total > MAX_UNPACKED_BYTES:
        yield (
            f"the code with its packages unpacks to {megabytes(total)}; {WHAT_LAMBDA_TAKES}. "
            f"The largest: {largest(files)}"
        )


def too_large_to_send(size_bytes: int, files: Sequence[File]) -> Iterator[str]:
    if size_bytes > MAX_REQUEST_BYTES:
        yield (
            f"the code with its packages is a .zip of {megabytes(size_bytes)}; Lambda takes "
            f"{megabytes(MAX_REQUEST_BYTES)} in a request. Leave out what is not needed "
            "(.scalperignore), or see `Code that is too large` in docs/your-code.md. "
            f"The largest, unpacked: {largest(files)}"
        )


def largest(files: Sequence[File]) -> str:
    sizes: dict[str, int] = defaultdict(int)
    for file in files:
        sizes["/".join(file.name.split("/")[:2])] += file.size_bytes
    first = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
    return ", ".join(f"{name} {megabytes(size)}" for name, size in first)


def cannot_be_loaded(files: Sequence[File], target: Target) -> Iterator[str]:
    """Compiled files for another machine, another system or another Python."""
    found_so_far = (misfit(file.name, file.read(), target) for file in files)
    misfits = [found for found in found_so_far if found]
    wrong = {found.name for found in misfits}
    misfits += [found for found in _other_pythons(files, target) if found.name not in wrong]
    by_origin: dict[str, list[str]] = defaultdict(list)
    for found in misfits:
        by_origin[found.is_for].append(found.name)
    for is_for, names in sorted(by_origin.items()):
        yield (
            f"compiled for {is_for}, and the functions run on {target.where}: {listed(names)}. "
            f"{_remedy(names, files, target)}"
        )


def old_botocore(files: Sequence[File]) -> Iterator[str]:
    for file in files:
        found = re.search(r"(?:^|/)botocore-([\d.]+)[^/]*\.dist-info/METADATA$", file.name)
        version = found[1].strip(".") if found else ""
        if found and tuple(map(int, version.split("."))) < OLDEST_BOTOCORE:
            oldest = ".".join(map(str, OLDEST_BOTOCORE))
            yield (
                f"botocore {version} comes with your code, and the pipeline's own calls go "
                f"through it, which need {oldest} or newer; raise it, or leave it to Lambda"
            )


def _other_pythons(files: Sequence[File], target: Target) -> Iterator[Misfit]:
    """Modules of which there is no variant for the target's Python."""
    variants: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if file.name.endswith((".so", ".pyd")):
            folder, _, name = file.name.rpartition("/")
            variants[f"{folder}/{name.partition('.')[0]}"].append(file.name)
    for names in variants.values():
        pythons = {python_of(name) for name in names}
        if None not in pythons and target.python not in pythons:
            for name in names:
                python = python_of(name)
                assert python is not None
                yield Misfit(name, f"Python {python[0]}.{python[1]}")


def _remedy(names: Sequence[str], files: Sequence[File], target: Target) -> str:
    if packages := _packages_of(names, files):
        return (
            "Name the packages in a requirements.txt of process_code and remove their folders, or "
            "bring the right wheels: python -m pip install --upgrade --target YOUR_FOLDER "
            f"--platform manylinux2014_{target.machine} --python-version {target.version} "
            f"--only-binary=:all: {' '.join(package.requirement for package in packages)}"
        )
    other = "x86_64" if target.architecture == "arm64" else "arm64"
    return (
        f"Build them for {target.machine} Linux and Python {target.version}, leave them out "
        f"(.scalperignore), or set architecture to {other} if that is what they are for"
    )


def brought_along(files: Sequence[File]) -> set[str]:
    """What packages that were installed beside the code say that they brought."""
    return {path for _, paths in _installed(files) for path in paths}


def _packages_of(names: Sequence[str], files: Sequence[File]) -> list[Package]:
    return [package for package, paths in _installed(files) if paths & set(names)]


def _installed(files: Sequence[File]) -> Iterator[tuple[Package, set[str]]]:
    """Packages by their metadata among the files, each with the names of its files."""
    by_name = {file.name: file for file in files}
    for name in by_name:
        if not name.endswith(".dist-info/METADATA"):
            continue
        about = name.removesuffix("/METADATA")
        folder = about.rpartition("/")[0]
        texts = {
            part: by_name[f"{about}/{part}"].read().decode("utf-8", errors="replace")
            for part in ("METADATA", "WHEEL", "RECORD")
            if f"{about}/{part}" in by_name
        }
        package = package_of(texts, about)
        yield package, {f"{folder}/{path}" if folder else path for path in package.files}
