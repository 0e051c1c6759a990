"""Everything that can be said about the arguments before AWS sees them, said at once."""

from collections.abc import Mapping
from typing import Any

import pulumi

from .args import EmailOn, Settings, SilentScalperPipelineArgs


def checked(name: str, args: SilentScalperPipelineArgs) -> Settings:
    values: dict[str, Any] = {k: v for k, v in args.items() if v is not None}
    if "email_on" in values:
        values["email_on"] = EmailOn(values["email_on"])
    if isinstance(values.get("process_code"), str):
        values["process_code"] = pulumi.FileArchive(values["process_code"])
    return Settings(**values)
