"""The parts of one deployed pipeline, wired together once an instance."""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from .aws.alerts import Alerts
from .aws.clients import Clients
from .aws.email_budget import EmailBudget
from .aws.records import Records
from .model.settings import Settings
from .outcomes.fates import Fates

if TYPE_CHECKING:
    from .aws.claims import Claims
    from .aws.copies import Copies
    from .aws.quarantine import Quarantine
    from .aws.restore import Restorer
    from .aws.schedules import Schedules
    from .outcomes.reattempt import Reattempts
    from .user_code import Process

# ruff: noqa: PLC0415 - what few files need is imported, and its client made, for those alone


class Pipeline:
    """What both entry points work with. Clients are made when they are first needed."""

    def __init__(self, environment: Mapping[str, str], clients: Clients | None = None) -> None:
        self.settings = Settings.from_environment(environment)
        self.clients = clients or Clients()
        self.records = Records(self.clients.dynamodb, self.settings)
        budget = EmailBudget(self.clients.dynamodb, self.settings)
        self.alerts = Alerts(self.clients.sns, self.settings, budget)
        self.fates = Fates(self)

    @cached_property
    def reattempts(self) -> "Reattempts":
        """Only a retry claims what it is about."""
        from .outcomes.reattempt import Reattempts

        return Reattempts(self, self.fates, self.settings.pipeline)

    @cached_property
    def claims(self) -> "Claims":
        from .aws.claims import Claims

        return Claims(self.records)

    @cached_property
    def restorer(self) -> "Restorer":
        from .aws.restore import Restorer

        return Restorer(self._copies, self.claims, self.settings)

    @cached_property
    def schedules(self) -> "Schedules":
        from .aws.schedules import Schedules

        return Schedules(lambda: self.clients.scheduler, self.settings)

    @cached_property
    def quarantine(self) -> "Quarantine":
        """Only a file that is set aside or held pays for the S3 client."""
        from .aws.quarantine import Quarantine

        return Quarantine(self._copies, self.settings)

    @cached_property
    def _copies(self) -> "Copies":
        from .aws.copies import Copies

        return Copies(self.clients)

    @cached_property
    def process(self) -> "Process | None":
        """The user's code, or None; the rescuer never asks."""
        entry = self.settings.process_entry
        if not entry:
            return None
        from .user_code import load

        return load(entry)


@cache
def deployed() -> Pipeline:
    """The pipeline of this function's environment, made at the instance's first event."""
    return Pipeline(os.environ)
