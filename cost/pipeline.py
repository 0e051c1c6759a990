"""All that a bill depends on, beside the files."""

from collections.abc import Mapping
from dataclasses import dataclass

from handler.model.settings import Settings

from .prices import Item

FREE_TEMPORARY_STORAGE_MB = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function."""

    memory_mb: int
    temporary_storage_mb: int
    environment: Mapping[str, str]
    compute: Item = Item.LAMBDA_COMPUTE
    """What its time is billed as: it depends on its processor."""

    @property
    def billed_storage_mb(self) -> int:
        """What it has of /tmp beyond that which every function has."""
        return max(0, self.temporary_storage_mb - FREE_TEMPORARY_STORAGE_MB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One pipeline, as its program registers it."""

    settings: Settings
    """What the processor is told."""
    processor: Function
    rescuer: Function
    checker: Function | None
    """Looks once a day for files that have no fate."""
    scheduled_retries: int
    """How often a file that `process` failed on is tried again by itself."""
    addresses: int
    """E-mail addresses subscribed to the topic."""
    listed_attributes: frozenset[str]
    """Attributes that the sparse index of the table holds."""
    recovery: bool
    """Whether the table can be restored to any second."""
    input_days: int | None
    """Days that an uploaded file is stored; None: without end."""
    quarantine_days: int | None
    """Days that a quarantined file is stored; None: without end."""
    log_days: int | None
    """Days that logs are kept; None: without end."""
    alarm_metrics: int
    dashboards: int
    keys: int
    """KMS keys that are billed: the pipeline's own, or the one that it is given."""
