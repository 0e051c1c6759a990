"""A pipeline whose user's code is loaded as the world says."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from handler.pipeline import Pipeline

from .process import Scripted


class Loading(Pipeline):
    """Loads it where the handler does: when it is first asked for, once an instance."""

    def __init__(
        self, environment: Mapping[str, str], clients: Any, load: Callable[[], Scripted]
    ) -> None:
        super().__init__(environment, clients)
        self._load = load

    @cached_property
    def process(self) -> Scripted:
        return self._load()
