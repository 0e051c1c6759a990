"""Histories at random, as hypothesis strategies: what fails shrinks to the least that does."""

from hypothesis import strategies as st

from .buckets import Lock
from .histories import (
    Act,
    Answer,
    Firing,
    History,
    Limit,
    Load,
    Mishap,
    OperatorAct,
    Order,
    Outage,
    Sending,
    Upload,
    UserAct,
)
from .troubles import TROUBLES

_moments = st.sampled_from([0.0, 0.05, 0.1, 0.5, 0.52, 0.6, 1.0, 5.0, 59.9, 60.6, 190.0, 4000.0])
_short = st.sampled_from([0.5, 0.52, 0.55, 0.6, 0.7, 1.0, 61.0, 181.0, 182.0])
_seconds = st.sampled_from([0.02, 0.01, 0.03, 0.05, 0.1, 0.2, 1.0, 8.0, 30.0, 59.4, 70.0, 200.0])
_keys = st.sampled_from(["in/a.csv", "in/b c+é.csv"])
_sizes = st.sampled_from([12, 0, 1000, 1001, 2500])

_uploads = st.builds(
    Upload,
    key=_keys,
    at=_moments,
    size=_sizes,
    answers=st.lists(st.sampled_from(Answer), min_size=1, max_size=4).map(tuple),
    told_after=st.lists(_short, min_size=1, max_size=3).map(tuple),
    told_with_next=st.sampled_from([False, False, False, True]),
    doubled_after=st.none() | st.sampled_from([0.0, 0.03, 60.0, 185.0]),
    lock=st.sampled_from([None] * 6 + list(Lock)),
)
_user_acts = st.builds(UserAct, _moments, st.sampled_from(Act), st.integers(0, 2))
_troubles = st.sampled_from(TROUBLES)
_mishaps = st.builds(Mishap, st.integers(0, 12), _troubles)
_outages = st.builds(
    Outage,
    st.sampled_from(["s3", "dynamodb", "sns", "scheduler", "all"]),
    _moments,
    st.sampled_from([0.2, 10.0, 100.0, 300.0, 2000.0, 30000.0]),
    _troubles,
)
_limits = st.builds(
    Limit,
    st.sampled_from(["processor", "rescuer"]),
    _moments,
    st.sampled_from([1.0, 200.0, 4000.0, 30000.0]),
    st.sampled_from([1, 0, 2]),
)


_kept = st.sampled_from([()] * 9 + [("input",), ("quarantine",), ("input", "quarantine")])


def _few(strategy: st.SearchStrategy[object], most: int) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


_anything: st.SearchStrategy[History] = st.builds(
    History,
    uploads=st.lists(_uploads, min_size=1, max_size=3).map(tuple),
    user_acts=_few(_user_acts, 2),
    mishaps=_few(_mishaps, 6),
    outages=_few(_outages, 2),
    limits=_few(_limits, 1),
    sendings=_few(st.sampled_from(Sending), 4),
    paces=_few(st.lists(_seconds, max_size=9).map(tuple), 6),
    has_process=st.sampled_from([True, True, False]),
    loads=_few(st.sampled_from(Load), 4),
    operator_acts=_few(
        st.builds(OperatorAct, _moments, st.sampled_from(Order), st.integers(0, 2)), 2
    ),
    retry_delays=st.sampled_from([(10,), (), (10, 120)]),
    firings=_few(st.sampled_from(Firing), 2),
    kept=_kept,
    loops=st.just(()) | _few(st.sampled_from([False, False, True]), 3),
)

# One upload told of three times, so that tries, retries and rescues run into each other.
_steps = st.integers(1, 6).map(lambda step: step / 100)
_near_a_try = st.builds(
    lambda try_at, steps: round(0.5 + try_at + steps / 100, 2),
    st.sampled_from([0, 60, 180.2]),
    st.integers(0, 40),
)
_collisions: st.SearchStrategy[History] = st.builds(
    History,
    uploads=st.builds(
        Upload,
        size=st.sampled_from([12, 12, 12, 0, 1001]),
        answers=st.lists(
            st.sampled_from([Answer.ACCEPT, Answer.REJECT, Answer.FAIL, Answer.AWS_FAIL]),
            min_size=1,
            max_size=8,
        ).map(tuple),
        told_after=st.lists(_near_a_try, min_size=2, max_size=4).map(tuple),
        doubled_after=st.none() | _near_a_try,
    ).map(lambda upload: (upload,)),
    user_acts=_few(st.builds(UserAct, _near_a_try, st.sampled_from(Act), st.just(0)), 1),
    mishaps=_few(_mishaps, 3),
    kept=_kept,
    paces=_few(st.lists(_steps, max_size=12).map(tuple), 12),
)

# One that fails at first, and its retries; who is at work on the key meets them.
_near_a_retry = st.builds(
    lambda begins, steps: round(begins + steps / 100, 2),
    st.sampled_from([0.5, 180.7, 779.9, 780.0, 840.0, 960.0, 8160.0]),
    st.integers(0, 60),
)
_answers = st.sampled_from(
    [Answer.READ_AND_ACCEPT, Answer.REJECT, Answer.FAIL, Answer.AWS_FAIL, Answer.CRASH]
)
_newer = st.builds(
    Upload, at=_near_a_retry, size=st.sampled_from([12, 0]), same_as=st.none() | st.just(1)
)
_retried: st.SearchStrategy[History] = st.builds(
    lambda first, newer, **more: History((first, *newer), **more),
    st.builds(
        lambda first, later, **more: Upload(answers=(*first, *later), **more),
        st.sampled_from([(Answer.FAIL,) * 3, (Answer.AWS_FAIL,) * 3]),
        st.lists(_answers, min_size=1, max_size=7),
        size=st.sampled_from([12, 12, 1001]),
        told_after=st.just((0.5,)) | st.builds(lambda late: (0.5, late), _near_a_retry),
        doubled_after=st.none() | _near_a_retry,
    ),
    _few(_newer, 1),
    user_acts=_few(st.builds(UserAct, _near_a_retry, st.sampled_from(Act), st.integers(0, 1)), 2),
    operator_acts=_few(
        st.builds(OperatorAct, _near_a_retry, st.sampled_from(Order), st.just(0)), 2
    ),
    mishaps=_few(_mishaps, 5),
    loads=st.just(()) | _few(st.sampled_from(Load), 6),
    sendings=_few(st.sampled_from(Sending), 3),
    paces=_few(st.lists(_steps, max_size=12).map(tuple), 12),
    retry_delays=st.sampled_from([(10,), (10, 120), (10, 1, 1)]),
    firings=_few(st.sampled_from(Firing), 3),
    kept=_kept,
    restored_told_after=st.lists(st.sampled_from([0.0, 0.03, 0.1, 0.5, 70.0]), min_size=1).map(
        tuple
    ),
)

histories: st.SearchStrategy[History] = _anything | _collisions | _retried
