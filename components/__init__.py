"""Silent Scalper: every uploaded file on AWS ends with a known fate.

The component for your Pulumi program, and what your own `process` imports: `File`, `Rejection`
and `HoldFile`, here and in Lambda by the same name.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from silent_scalper_arguments.settings import Architecture, EmailOn, EventsFrom

    from .args import SilentScalperPipelineArgs

    # In the installed package the Lambda code lies within; in a checkout it is a neighbour.
    from .handler import File, HoldFile, Rejection  # type: ignore[import-not-found]
    from .pipeline import SilentScalperPipeline

__all__ = [
    "Architecture",
    "EmailOn",
    "EventsFrom",
    "File",
    "HoldFile",
    "Rejection",
    "SilentScalperPipeline",
    "SilentScalperPipelineArgs",
]

_OF_THE_COMPONENT = {
    "Architecture": "silent_scalper_arguments.settings",
    "EmailOn": "silent_scalper_arguments.settings",
    "EventsFrom": "silent_scalper_arguments.settings",
    "SilentScalperPipeline": ".pipeline",
    "SilentScalperPipelineArgs": ".args",
}
_OF_PROCESS = ("File", "HoldFile", "Rejection")


if not TYPE_CHECKING:  # or every name would exist for a type checker

    def __getattr__(name: str) -> Any:
        # Each comes when it is asked for: the tests of a `process` need no Pulumi.
        if name in _OF_PROCESS:
            found = getattr(import_module(".handler", __name__), name)
        elif name in _OF_THE_COMPONENT:
            # Packages that are too old must be named before they fail to import.
            import_module(".versions", __name__).require_packages()
            found = getattr(import_module(_OF_THE_COMPONENT[name], __name__), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
