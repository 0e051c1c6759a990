"""Keys as hostile as S3 takes them, all at once."""

from .conftest import Pipeline

HOSTILE = [
    "plain.csv",
    "with space.csv",
    " leading and trailing .csv",
    "a+b.csv",
    "a%2Bb.csv",
    "100%.csv",
    "already%20encoded%252Bonce.csv",
    "question?mark&and=equals#hash.csv",
    "quotes'\"`.csv",
    "back\\slash.csv",
    "/leading/slash.csv",
    "double//slash.csv",
    ".hidden.csv",
    "dots/.../more.csv",
    "новый отчёт.csv",
    "価格表/🧾.csv",
    "combining-e\u0301.csv",
    "right-to-left-\u202egnp.csv",
    "tab\tand\nnewline.csv",
    "<script>.csv",
    "$(touch pwned);.csv",
    "k" * 1020 + ".csv",
    "ключ" * 127 + "1234.csv",
    "no-extension/README.csv",
]


def test_every_key_keeps_its_name_through_the_whole_pipeline(pipeline: Pipeline) -> None:
    assert max(len(key.encode()) for key in HOSTILE) == 1024
    fates = []
    # A few at a time: every event in flight is a process of its own.
    for start in range(0, len(HOSTILE), 6):
        batch = [pipeline.drop(f"{key}") for key in HOSTILE[start : start + 6]]
        fates += pipeline.fates_of(batch)
    assert {fate.upload.sample.key: pipeline.problems_of(fate) for fate in fates} == {
        key: [] for key in HOSTILE
    }


def test_hostile_keys_keep_their_names_in_quarantine_too(pipeline: Pipeline) -> None:
    keys = ["/a+b %2B/é 🧾.exe", "k" * 1020 + ".exe", "tab\t\u202e.exe"]
    uploads = [pipeline.drop(key, b"MZ", "QUARANTINED", "WRONG_TYPE") for key in keys]
    for fate in pipeline.fates_of(uploads):
        assert pipeline.problems_of(fate) == []
