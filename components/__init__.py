"""Silent Scalper: every uploaded file on AWS ends with a known fate."""

# ruff: noqa: E402 - packages that are too old must be named before they fail to import

from .versions import require_packages

require_packages()

from silent_scalper_arguments.settings import Architecture, EmailOn, EventsFrom

from .args import SilentScalperPipelineArgs
from .pipeline import SilentScalperPipeline

__all__ = [
    "Architecture",
    "EmailOn",
    "EventsFrom",
    "SilentScalperPipeline",
    "SilentScalperPipelineArgs",
]
