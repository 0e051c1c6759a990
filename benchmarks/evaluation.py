"""What evaluating the program costs beyond importing what it is made of.

    python -m benchmarks.evaluation

Every preview and every update pays for it. Importing `pulumi` and the modules of `pulumi_aws` that
the program needs is not ours to change, so that comes first and is not counted; then the whole
program is evaluated against mocks, which stand in for the engine and count as ours.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
AWS_MODULES = ("cloudwatch", "dynamodb", "iam", "lambda_", "s3", "scheduler", "sns", "sqs")
"""Of `pulumi_aws`, what the program needs; each is large."""

_EVALUATE = f"""
import importlib, json, runpy, sys, time
import pulumi, pulumi_aws
from tests.component import recorder
for name in {AWS_MODULES!r}:
    # It is imported when something of it is first asked for.
    getattr(pulumi_aws, name)._utilities
before, began = set(sys.modules), time.process_time()
deployment = recorder.deploy(lambda: runpy.run_path("__main__.py", run_name="__main__"))
print(json.dumps({{
    "import_seconds": began,
    "seconds": time.process_time() - began,
    "resources": len(deployment.resources),
    "modules": sorted(set(sys.modules) - before),
}}))
"""


def evaluated() -> dict[str, Any]:
    """CPU seconds of the imports and of the rest, what was registered, what more was imported."""
    ran = subprocess.run(
        [sys.executable, "-c", _EVALUATE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main() -> None:
    # The first run of a checkout compiles it.
    evaluated()
    found = evaluated()
    print(
        f"importing pulumi and {len(AWS_MODULES)} modules of pulumi_aws "
        f"{found['import_seconds']:.2f} s of CPU"
    )
    print(f"evaluating the program, {found['resources']} resources {found['seconds']:.2f} s of CPU")
    others = [name for name in found["modules"] if not name.startswith("components")]
    print(f"imported for it, beside its own modules: {', '.join(others)}"[:500])


if __name__ == "__main__":
    main()
