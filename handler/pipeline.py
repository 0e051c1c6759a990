"""The parts of one deployed pipeline, wired together once an instance."""

import os
from collections.abc import Mapping
from functools import cache, cached_property

from .alerts import Alerts
from .aws import Clients
from .email_budget import EmailBudget
from .fates import Fates
from .hook import Process, load
from .quarantine import Quarantine
from .records import Records
from .settings import Settings


class Pipeline:
    """What both entry points work with. Clients are made when they are first needed."""

    def __init__(self, environment: Mapping[str, str], clients: Clients | None = None) -> None:
        self.settings = Settings.from_environment(environment)
        self.clients = clients or Clients()
        records = Records(self.clients.dynamodb, self.settings)
        budget = EmailBudget(self.clients.dynamodb, self.settings)
        alerts = Alerts(self.clients.sns, self.settings, budget)
        self.fates = Fates(records, lambda: self.quarantine, alerts)

    @cached_property
    def quarantine(self) -> Quarantine:
        """Only a file that is set aside or held pays for the S3 client."""
        return Quarantine(self.clients, self.settings)

    @cached_property
    def process(self) -> Process | None:
        """The user's code, or None; the rescuer never asks."""
        entry = self.settings.process_entry
        return load(entry) if entry else None


@cache
def deployed() -> Pipeline:
    """The pipeline of this function's environment, made at the instance's first event."""
    return Pipeline(os.environ)
