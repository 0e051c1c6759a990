"""Whatever happens, every upload has a fate, and somebody is told."""

from hypothesis import HealthCheck, Phase, given, settings

from .histories import History
from .judge import judge
from .random_histories import histories


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(histories)
def test_every_upload_has_a_known_fate_in_any_history(history: History) -> None:
    judge(history)
