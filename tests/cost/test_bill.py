"""Bills that are worked out by hand, and the goals that they must keep.

Prices of 2026-11-23 in us-east-1; a month has 30 days and a GB 1024³ bytes.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from cost.footprint import accepted, set_aside
from cost.month import Section
from cost.pipeline import Function, Pipeline
from cost.prices import Item, Prices
from cost.stored import months_stored
from cost.workload import Workload

from .conftest import Priced

D = Decimal
GB = 1024**3
EVERYTHING = list(Section)


def near(value: str) -> object:
    """To the ten-thousandth of a cent, which is where these are rounded by hand."""
    return pytest.approx(Decimal(value), abs=Decimal("0.000001"))


def test_a_million_accepted_files_by_hand(default: Pipeline, prices: Prices) -> None:
    priced = Priced(default, Workload(files=1_000_000), prices)
    # 1,000,000 * $0.20 / 1,000,000
    assert priced.listed(Item.LAMBDA_REQUESTS) == D("0.20")
    # 15 ms + 1 % * 1000 ms = 25 ms; * 0.5 GB * 1,000,000 = 12,500 GB-s; * $0.0000133334
    assert priced.listed(Item.LAMBDA_COMPUTE) == D("0.1666675")
    # A record of 476 bytes is one unit: 1,000,000 * $0.625 / 1,000,000
    assert priced.listed(Item.TABLE_WRITES) == D("0.625")
    # A message of 1,133 bytes is one publish: 1,000,000 * $0.50 / 1,000,000
    assert priced.listed(Item.PUBLISHES) == D("0.50")
    # 154 bytes a line: 154,000,000 / 1,073,741,824 = 0.1434236 GB; * $0.50
    assert priced.listed(Item.LOGS_WRITTEN) == near("0.071712")
    # 476 + 100 bytes; 576,000,000 / 1,073,741,824 = 0.5364418 GB, half a month each; * $0.25
    assert priced.listed(Item.TABLE_STORAGE) == near("0.067055")
    # 154 + 26 bytes, 15 % of it: 27,000,000 / 1,073,741,824 = 0.0251457 GB; half; * $0.03
    assert priced.listed(Item.LOGS_KEPT) == near("0.000377")
    # Six metrics * $0.10
    assert priced.listed(Item.ALARMS) == D("0.60")
    for item in (Item.EMAILS, Item.S3_READS, Item.METRICS):
        assert priced.listed(item) == 0
    # 0.20 + 0.1666675 + 0.625 + 0.50 + 0.071712 + 0.067055 + 0.000377 + 0.60
    assert priced.bill.month().listed == near("2.230811")
    # Beyond free: the writes alone; 0.54 GB of records are within 25, 0.17 GB of logs within 5.
    assert priced.bill.month().after_free == D("0.625")
    # 1,000,000 * $0.005 / 1,000
    assert priced.listed(Item.S3_WRITES, Section.FILES) == D("5")
    # 1,000,000 * 1 MB = 931.3225746 GB; half a month each; * $0.023
    assert priced.listed(Item.S3_STORAGE, Section.FILES) == near("10.710210")


def test_25_000_files_of_which_two_people_are_told_by_hand(told: Pipeline, prices: Prices) -> None:
    priced = Priced(told, Workload(files=25_000), prices)
    # One write for each record. Of two units for the budget: 10 of each of 30 days, and 1 % of
    # 25,000 that start an instance. (25,000 + 2 * (300 + 250)) * $0.625 / 1,000,000
    assert priced.listed(Item.TABLE_WRITES) == D("0.0163125")
    # 300 * 2 * $2 / 100,000; 1,000 are free
    assert priced.line(Item.EMAILS).month.listed == D("0.012")
    assert priced.line(Item.EMAILS).month.after_free == 0
    # 25,000 * 25 ms * 0.5 GB = 312.5 GB-s; * $0.0000133334
    assert priced.listed(Item.LAMBDA_COMPUTE) == D("0.0041666875")


def test_a_budget_limits_the_emails_by_hand(told: Pipeline, prices: Prices) -> None:
    storm = Workload(files=1_000_000, failures=D("0.02"), busy_minutes=60)
    # 60 minutes; 9 places, each at most every 2 seconds: 9 * 30; 2 people: 60 * 270 * 2
    assert Priced(told, storm, prices).quantity(Item.EMAILS) == 32_400
    fine = Workload(files=1_000_000, busy_minutes=60)
    # 10 in each of 30 days; 2 people
    assert Priced(told, fine, prices).quantity(Item.EMAILS) == 600


def test_who_knows_how_many_emails_there_are_says_so(told: Pipeline, prices: Prices) -> None:
    said = Workload(files=1_000, failures=D("0.02"), emails=30)
    assert Priced(told, said, prices).quantity(Item.EMAILS) == 60
    # No more than there are files.
    more = Workload(files=100, emails=5_000)
    assert Priced(told, more, prices).quantity(Item.EMAILS) == 200


def test_failures_by_hand(default: Pipeline, prices: Prices) -> None:
    # 10,000 files of 2 MB, 5 % set aside: 500; a fifth of them, 100, after three tries.
    workload = Workload(
        files=10_000, size_bytes=2_000_000, failures=D("0.05"), retried=D("0.2"), process_ms=D(10)
    )
    priced = Priced(replace(default, scheduled_retries=0), workload, prices)
    # 9,500 accepted + 400 refused + 3 * 100 tries + 100 rescues
    assert priced.quantity(Item.LAMBDA_REQUESTS) == 10_300
    # Processor: (9,500 + 400 + 300) * (15 + 10 + 10) ms + 400 * 200 ms = 437,000 ms
    # Rescuer: 100 * (15 + 200 + 10) ms = 22,500 ms; 459.5 s * 0.5 GB
    assert priced.quantity(Item.LAMBDA_COMPUTE) == D("229.75")
    # 9,500 + 500 * (1 record + 1 in the index) + 100 questions of the rescuer
    assert priced.quantity(Item.TABLE_WRITES) == 10_600
    assert priced.quantity(Item.PUBLISHES) == 10_000
    # 500 * (HeadObject of the file + of the copy)
    assert priced.quantity(Item.S3_READS) == 1_000
    # 500 * (ListObjectVersions + CopyObject)
    assert priced.quantity(Item.S3_WRITES, Section.WORK) == 1_000
    # 500 in 500 of 720 hours
    assert priced.quantity(Item.METRICS) == D(500) / 720
    # 500 * 2 MB = 0.9313226 GB for 30 + 30 days: half of it on average in the first month
    assert priced.quantity(Item.S3_STORAGE, Section.KEPT) == near("0.465661")
    # and all of it when the month ends
    assert priced.line(Item.S3_STORAGE, Section.KEPT).use.idle == near("0.931323")
    # 9,500 * 154 + 500 * 411 + 300 * (450 + 1,500) bytes = 2,253,500 bytes
    assert priced.quantity(Item.LOGS_WRITTEN) * GB == near("2253500")


def test_scheduled_retries_go_the_whole_way_again_by_hand(
    default: Pipeline, prices: Prices
) -> None:
    workload = Workload(files=1_000, failures=D("0.1"), retried=D(1))
    priced = Priced(replace(default, scheduled_retries=3), workload, prices)
    # 100 files * 3 schedules
    assert priced.quantity(Item.SCHEDULES) == 300
    # 900 + 100 * (1 + 3) * (3 tries + 1 rescue)
    assert priced.quantity(Item.LAMBDA_REQUESTS) == 2_500


def test_memory_and_storage_of_ones_own_by_hand(default: Pipeline, prices: Prices) -> None:
    processor = Function(memory_mb=2048, temporary_storage_mb=2560, environment={})
    large = replace(default, processor=processor)
    workload = Workload(files=1_000_000, warm_ms=D(90), cold_share=D(0))
    priced = Priced(large, workload, prices)
    # 90,000 s * 2 GB
    assert priced.quantity(Item.LAMBDA_COMPUTE) == 180_000
    # 90,000 s * (2,560 - 512) / 1,024 GB = 180,000 GB-s; * $0.0000000309
    assert priced.listed(Item.LAMBDA_STORAGE) == D("0.005562")


def test_a_key_by_hand(default: Pipeline, prices: Prices) -> None:
    keyed = replace(default, keys=1)
    priced = Priced(keyed, Workload(files=100_000), prices)
    assert priced.listed(Item.KEYS) == 1
    # 43,200 minutes / 5 * 10 = 86,400 requests, fewer than 4 * 100,000; 20,000 are free.
    assert priced.quantity(Item.KEY_REQUESTS) == 86_400
    assert priced.line(Item.KEY_REQUESTS).month.after_free == 66_400 * D("0.03") / 10_000
    assert Priced(keyed, Workload(files=100), prices).quantity(Item.KEY_REQUESTS) == 400


@pytest.mark.parametrize(
    ("days", "month", "months"),
    [
        (None, 1, "0.5"),  # from nothing to one month's files
        (None, 12, "11.5"),
        (60, 1, "0.5"),  # nothing expires yet
        (60, 2, "1.5"),
        (60, 3, "2"),  # as much expires as arrives
        (30, 2, "1"),
        (15, 1, "0.375"),  # grows to 0.5 in half the month, then stays: 0.25 * 0.5 + 0.5 * 0.5
        (45, 2, "1.375"),  # 1.25 * 0.5 + 1.5 * 0.5
    ],
)
def test_what_is_stored_grows_until_it_expires(days: int | None, month: int, months: str) -> None:
    assert months_stored(days, month) == D(months)


def test_a_long_name_takes_two_units(default: Pipeline, prices: Prices) -> None:
    # The key is in the record twice, whole and its last half: 476 + 984 + 492 = 1,952 bytes.
    workload = Workload(files=10, key_bytes=1024)
    assert accepted(default, workload).record == 1_952
    assert Priced(default, workload, prices).quantity(Item.TABLE_WRITES) == 20


def test_a_file_too_large_for_one_call_is_copied_in_parts(
    default: Pipeline, prices: Prices
) -> None:
    workload = Workload(files=1, size_bytes=6 * GB, failures=D(1))
    priced = Priced(default, workload, prices)
    # List, begin, 12 parts of 512 MB, end; two HeadObject, and the tags
    assert priced.quantity(Item.S3_WRITES, Section.WORK) == 15
    assert priced.quantity(Item.S3_READS) == 3


# The goals.


def test_a_million_ordinary_files_cost_at_most_a_dollar_75(
    default: Pipeline, prices: Prices
) -> None:
    """Without e-mail, without the Free Tier; records and logs of the month too."""
    bill = Priced(default, Workload(files=1_000_000), prices).bill
    assert bill.month([Section.WORK, Section.KEPT]).listed <= D("1.75")


def test_it_does_so_with_names_that_are_twice_as_long(default: Pipeline, prices: Prices) -> None:
    bill = Priced(default, Workload(files=1_000_000, key_bytes=80), prices).bill
    assert bill.month([Section.WORK, Section.KEPT]).listed <= D("1.75")


def test_idle_compute_costs_nothing(told: Pipeline, prices: Prices) -> None:
    after_a_busy_month = Workload(files=1_000_000, failures=D("0.1"), retried=D("0.5"))
    bill = Priced(told, after_a_busy_month, prices).bill
    assert bill.month([Section.WORK]).listed > 0
    assert bill.idle([Section.WORK]).listed == 0


def test_an_empty_pipeline_costs_its_alarms_alone_and_they_are_within_the_free_ones(
    told: Pipeline, prices: Prices
) -> None:
    bill = Priced(told, Workload(files=0), prices).bill
    assert {line.use.item for line in bill.lines if line.idle.listed} == {Item.ALARMS}
    assert bill.idle(EVERYTHING).listed == bill.month(EVERYTHING).listed == D("0.60")
    assert bill.idle(EVERYTHING).after_free == 0


def test_nothing_else_of_the_default_pipeline_bills_while_idle(
    checked: Pipeline, prices: Prices
) -> None:
    bill = Priced(checked, Workload(files=0), prices).bill
    billed = {line.use.what for line in bill.lines if line.idle.listed}
    daily = ("Daily check: ", "Daily figures: ")
    assert {what for what in billed if not what.startswith(daily)} == {"CloudWatch: alarms"}
    assert bill.idle(EVERYTHING).listed < D("0.71")
    assert bill.idle(EVERYTHING).after_free < D("0.001")


def test_the_free_tier_is_one_for_what_shares_it(default: Pipeline, prices: Prices) -> None:
    # 5 GB of logs are free together: those of this month take all, what is kept is billed.
    bill = Priced(default, Workload(files=40_000_000), prices)
    assert bill.quantity(Item.LOGS_WRITTEN) > 5
    kept = bill.line(Item.LOGS_KEPT)
    assert kept.month.after_free == kept.month.listed > 0


def test_what_is_set_aside_is_larger_than_what_is_accepted(default: Pipeline) -> None:
    workload = Workload(files=1)
    fine, bad = accepted(default, workload), set_aside(default, workload)
    assert (fine.listed, bad.listed > 0) == (0, True)
    assert fine.record < bad.record
    assert fine.log < bad.log
