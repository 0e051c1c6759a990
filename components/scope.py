"""What every child of one pipeline shares: its name, its parent and its tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input

from silent_scalper_arguments.shapes import PIPELINE_TAG


@dataclass(frozen=True, slots=True)
class Scope:
    """Hands out names and options, so that no child can be left without them."""

    name: str
    parent: pulumi.ComponentResource
    extra_tags: Mapping[str, Input[str]]

    @property
    def pipeline(self) -> str:
        """Tells this pipeline from all others of an account: in metrics, alerts and tags."""
        return f"{pulumi.get_project()}-{self.stack}-{self.name}"

    @property
    def stack(self) -> str:
        """The stack as people name it in the folder of its program."""
        return pulumi.get_stack()

    @property
    def tags(self) -> dict[str, Input[str]]:
        """A tag that finds everything of this pipeline, and the user's own, which win."""
        return {PIPELINE_TAG: self.pipeline, **self.extra_tags}

    def child(self, name: str) -> str:
        """The logical name of a child. It is part of its URN: renaming needs an alias."""
        return f"{self.name}-{name}"

    def options(
        self,
        *,
        depends_on: Sequence[pulumi.Resource] = (),
        protect: bool = False,
        ignore_changes: Sequence[str] = (),
    ) -> pulumi.ResourceOptions:
        """Leaves `protect` unset unless asked for, so that the caller's own choice is inherited."""
        return pulumi.ResourceOptions(
            parent=self.parent,
            depends_on=list(depends_on),
            protect=protect or None,
            ignore_changes=list(ignore_changes),
        )
