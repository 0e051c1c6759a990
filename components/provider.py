"""The plug-in: the component for programs in any language.

Pulumi drops arguments that it does not know and words a wrong choice as a Python tuple, so the
arguments are looked at here, before it does.
"""

import json
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider

from silent_scalper_arguments.settings import CHECKS
from silent_scalper_arguments.spelling import camel_case

from .checks import checked
from .pipeline import SilentScalperPipeline
from .published import NAME, metadata
from .versions import VERSION, require_cli

_PYTHON_NAMES = {camel_case(argument): argument for argument in CHECKS}


class PipelineProvider(ComponentProvider):
    """Says what is wrong with the arguments in the same words as the component in Python."""

    def __init__(self) -> None:
        super().__init__([SilentScalperPipeline], NAME, version=VERSION)
        self.schema = json.dumps({**json.loads(self.schema or "{}"), **metadata(VERSION)})

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        given: Any = {_PYTHON_NAMES.get(key, key): value for key, value in inputs.items()}
        try:
            require_cli()
            checked(name, given)
        except (RuntimeError, ValueError) as error:
            # Of all that Pulumi takes, this alone reaches the user without a traceback.
            raise InputPropertiesError(str(error), []) from error
        # Both spellings have been taken above, so both must arrive.
        by_schema = {camel_case(key): value for key, value in given.items()}
        return super().construct(name, resource_type, by_schema, options)
