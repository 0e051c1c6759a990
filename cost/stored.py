"""How much is stored in a month, when as much has arrived in each, evenly."""

from decimal import Decimal

from .workload import DAYS_A_MONTH


def months_stored(days: int | None, month: int) -> Decimal:
    """How many months' files are stored on average during that month since the deployment.

    Each is kept for so many days, or without end. The stock grows evenly until the first file
    expires: the area under min(t, kept), with t in months.
    """
    kept = most_months_stored(days, month)
    growing_until = max(kept, Decimal(month - 1))
    growth = (growing_until**2 - (month - 1) ** 2) / 2
    return growth + kept * (month - growing_until)


def most_months_stored(days: int | None, month: int) -> Decimal:
    """How many months' files are stored at the end of that month."""
    if days is None:
        return Decimal(month)
    return min(Decimal(days) / DAYS_A_MONTH, Decimal(month))
