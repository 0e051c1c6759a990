"""What an accepted file does not need is not imported for it: every cold start would compile it."""

import json
import subprocess
import sys
from pathlib import Path

from tests.simulation.stage import ENVIRONMENT

ROOT = Path(__file__).parents[2]

ACCEPT_ONE = """
import json, sys
from types import SimpleNamespace
from handler import processor
from handler.pipeline import Pipeline

nothing = SimpleNamespace(put_item=lambda **request: {}, publish=lambda **request: {})
environment, event = json.loads(sys.argv[1]), json.loads(sys.argv[2])
pipeline = Pipeline(environment, SimpleNamespace(dynamodb=nothing, sns=nothing))
processor.deployed = lambda: pipeline
context = SimpleNamespace(aws_request_id="1", get_remaining_time_in_millis=lambda: 60_000)
processor.handler(event, context)
print(json.dumps([name for name in sys.modules if name.startswith("handler.")]))
"""


def test_an_accepted_file_pays_neither_for_process_nor_for_quarantine_nor_for_retries() -> None:
    event = json.loads((ROOT / "tests/events/s3_put.json").read_text())
    environment = ENVIRONMENT | {"SCALPER_EMAIL_ON": "none"}
    event["Records"][0]["s3"]["bucket"]["name"] = environment["SCALPER_INPUT_BUCKET"]
    command = [sys.executable, "-c", ACCEPT_ONE, json.dumps(environment), json.dumps(event)]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)

    status, modules = map(json.loads, ran.stdout.splitlines())

    assert status["status"] == "PROCESSED"
    unused = [
        "aws/copies",
        "aws/quarantine",
        "aws/restore",
        "aws/schedules",
        "outcomes/reattempt",
        "rescuer",
        "user_code",
    ]
    assert all((ROOT / "handler" / f"{name}.py").is_file() for name in unused)
    assert not {f"handler.{name.replace('/', '.')}" for name in unused} & set(modules)
