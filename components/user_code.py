"""The user's code as a program gives it: packed with its packages, or passed on as it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
from pulumi import Input, Output

from silent_scalper_arguments.settings import Settings
from silent_scalper_arguments.values import is_later
from silent_scalper_code.errors import CodeError
from silent_scalper_code.packing import Packed, Wanted, pack
from silent_scalper_code.source import File, Source, from_list, on_disk, read_source
from silent_scalper_code.target import Target

from .archive import handler_files

ARGUMENTS = {"process_code", "process_entry", "process_layers", "process_runtime", "architecture"}
"""Those that decide whether code runs."""


def problems_of(code: Any, settings: Settings) -> Iterator[str]:
    """What would keep the code from being deployed or run, each a sentence."""
    try:
        _packed(code, settings)
    except CodeError as error:
        for sentence in error.sentences:
            about = "" if sentence.startswith("process_entry") else "process_code: "
            yield about + sentence
    except OSError as error:
        yield f"process_code cannot be read: {error.strerror}: {error.filename!r}"


def code_with_handler(settings: Settings, component: pulumi.Resource) -> Input[pulumi.Archive]:
    """The archive of a function that runs the user's code; what people should know is logged."""

    def archive(code: Any) -> pulumi.Archive:
        if is_later(settings.process_code) and (problems := list(problems_of(code, settings))):
            raise ValueError("\n".join(problems))
        packed = _packed(code, settings, component)
        if packed is not None:
            for note in packed.notes:
                pulumi.log.info(f"process_code: {note}", component)
            return pulumi.FileArchive(str(packed.path))
        pulumi.log.info(
            "process_code: what comes from an address is neither looked into nor completed; it "
            f"must hold all that {_wanted(settings).target.where} needs",
            component,
        )
        handler: Any = {name: pulumi.FileAsset(str(path)) for name, path in handler_files().items()}
        return pulumi.AssetArchive({**handler, "process": code})

    code: Any = settings.process_code
    return Output.from_input(code).apply(archive) if is_later(code) else archive(code)


def _packed(
    code: Any, settings: Settings, component: pulumi.Resource | None = None
) -> Packed | None:
    """None for what lies elsewhere. Raises `CodeError` and OSError."""
    source = _source(code)
    if source is None:
        return None
    return pack(
        source,
        handler_files(),
        _wanted(settings),
        lambda text: pulumi.log.info(f"process_code: {text}", component),
    )


def _wanted(settings: Settings) -> Wanted:
    return Wanted(
        settings.process_entry,
        Target.of(settings.process_runtime, settings.architecture),
        has_layers=bool(settings.process_layers) or "PYTHONPATH" in settings.process_environment,
    )


def _source(code: Any) -> Source | None:
    if isinstance(code, pulumi.FileArchive):
        return read_source(Path(code.path))
    if isinstance(code, pulumi.AssetArchive):
        files = _listed(code, "")
        return None if files is None else from_list(files)
    return None


def _listed(archive: pulumi.AssetArchive, prefix: str) -> list[File] | None:
    """The files of a list, by their place in it; None where one lies elsewhere."""
    files: list[File] = []
    for name, item in archive.assets.items():
        place = f"{prefix}{name}"
        if isinstance(item, pulumi.FileAsset):
            files.append(on_disk(Path(item.path), place))
        elif isinstance(item, pulumi.StringAsset):
            text = item.text.encode()
            files.append(File(place, len(text), lambda text=text: text))  # type: ignore[misc]
        elif isinstance(item, pulumi.FileArchive):
            inner = read_source(Path(item.path)).files
            files += [File(f"{place}/{it.name}", it.size_bytes, it.read) for it in inner]
        elif isinstance(item, pulumi.AssetArchive):
            listed = _listed(item, f"{place}/")
            if listed is None:
                return None
            files += listed
        else:
            return None
    return files
