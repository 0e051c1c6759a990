"""Histories that once broke the promise."""

from .histories import Answer, History, Upload
from .judge import judge


def test_a_rescuer_that_finds_a_file_held_leaves_the_copy_that_somebody_may_be_naming() -> None:
    """Two deliveries failed, one through AWS and one through `process`; a third rejects meanwhile.

    The rescuer of the second found the third's copy, then the first's HELD, and removed the copy;
    HELD had just given way to a QUARANTINED that named it, and the input version was deleted.
    """
    answers = (Answer.AWS_FAIL, Answer.FAIL) * 3 + (Answer.REJECT,)
    for hundredth in range(18060, 18110):
        judge(
            History(
                uploads=(Upload(answers=answers, told_after=(0.5, 0.55, hundredth / 100)),),
            )
        )
