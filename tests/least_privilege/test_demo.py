"""Every kind of file of the demo ends where it should, with the policies as they are shipped."""

import time
from pathlib import Path

from local.alerts import Listener
from local.deployment import Deployment
from local.fates import look_up, problems_of, upload
from local.samples import PASSED_OVER, varied

PATIENCE_SECONDS = 60


def test_the_demos_files_end_where_they_should(
    guarded: Deployment, listener: Listener, tmp_path: Path
) -> None:
    uploads = [upload(guarded, sample, tmp_path) for sample in varied()]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        fates = look_up(guarded, listener, uploads)
        if all(it.is_told for it in fates if it.upload.sample.fate != PASSED_OVER):
            break
        time.sleep(0.3)
    problems = {fate.upload.sample.key: problems_of(guarded, fate) for fate in fates}
    assert {key: wrong for key, wrong in problems.items() if wrong} == {}
