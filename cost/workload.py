"""What arrives in a month, and what is not known of it before it does."""

from dataclasses import dataclass, fields
from decimal import Decimal

from .errors import CostError

DAYS_A_MONTH = 30
HOURS_A_MONTH = DAYS_A_MONTH * 24
MINUTES_A_MONTH = HOURS_A_MONTH * 60
"""A month here has 30 days, so that everything can be checked by hand."""

LONGEST_KEY_BYTES = 1024
LARGEST_FILE_BYTES = 50 * 10**12
"""S3's limits for a key and an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The files of a month. Raises a `CostError` for what cannot be."""

    files: int
    """Files that arrive in a month."""
    size_bytes: int = 1_000_000
    """Size of a file."""
    key_bytes: int = 40
    """Length of a key: `partner-a/2026/11/23/orders-000123.csv` has 39."""
    failures: Decimal = Decimal(0)
    """Share of the files that are set aside, 0 to 1."""
    retried: Decimal = Decimal(0)
    """Share of those that `process` failed on every time, 0 to 1; a rule or a `Rejection` refuses
    the others at the first try."""
    warm_ms: Decimal = Decimal(15)
    """Billed time of an accepted file in a running instance, at the memory the processor has; the
    default is for 512 MB on arm64."""
    process_ms: Decimal = Decimal(0)
    """What your `process` adds to it."""
    cold_share: Decimal = Decimal("0.01")
    """Share of invocations that start an instance, 0 to 1."""
    cold_ms: Decimal = Decimal(1000)
    """Billed time that a start adds, with the first call of each client."""
    busy_minutes: int = MINUTES_A_MONTH
    """Minutes of the month in which files arrive; e-mail has a budget a minute."""
    emails: int | None = None
    """E-mails about files to each address; None: as many as the budget lets out."""
    month: int = 1
    """Which month since the deployment: what is kept without end grows."""

    def __post_init__(self) -> None:
        for limits in (
            ("files", 0, 10**12),
            ("size_bytes", 0, LARGEST_FILE_BYTES),
            ("key_bytes", 1, LONGEST_KEY_BYTES),
            ("failures", 0, 1),
            ("retried", 0, 1),
            ("warm_ms", 0, 900_000),
            ("process_ms", 0, 900_000),
            ("cold_share", 0, 1),
            ("cold_ms", 0, 900_000),
            ("busy_minutes", 1, MINUTES_A_MONTH),
            ("emails", 0, 10**12),
            ("month", 1, 1200),
        ):
            self._check(*limits)

    def _check(self, name: str, least: int, most: int) -> None:
        value = getattr(self, name)
        if value is None and name == "emails":
            return
        whole = {field.name: field.type for field in fields(self)}[name] is not Decimal
        kinds = (int,) if whole else (int, Decimal)
        if not isinstance(value, kinds) or isinstance(value, bool):
            wanted = "a whole number" if whole else "a Decimal or a whole number"
            raise CostError(f"{name} must be {wanted} (got {value!r})")
        if not Decimal(value).is_finite() or not least <= value <= most:
            raise CostError(f"{name} must be from {least:,} to {most:,} (got {value:,})")
