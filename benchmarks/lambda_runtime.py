"""Does what Lambda's runtime does: imports a handler, and hands it one event after the other.

    python -S -s -P lambda_runtime.py TASK RUNTIME HANDLER EVENTS MEMORY

TASK is the unzipped archive, RUNTIME a folder of what the Lambda runtime ships, EVENTS a JSON file
of groups of events. After each group `getppid` is called, which is where callgrind is told to end
a part of its counts. The peak memory in kilobytes is left in the file MEMORY.
"""

import sys

TASK, RUNTIME, HANDLER, EVENTS, MEMORY = sys.argv[1:]
sys.path[:0] = [TASK, RUNTIME]

import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402


class Context:
    function_name = "benchmark"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-north-1:123456789012:function:benchmark"

    def __init__(self, number: int) -> None:
        self.aws_request_id = f"8476a536-e9f4-11e8-9739-{number:012}"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000  # callgrind is fifty times slower


def main() -> None:
    with open(EVENTS) as file:
        groups = json.load(file)
    module, _, function = HANDLER.rpartition(".")
    handler = getattr(importlib.import_module(module), function)
    number = 0
    for group in groups:
        for event in group:
            number += 1
            handler(event, Context(number))
        os.getppid()
    # Not `getrusage`: there a process starts with the peak of the one that started it.
    with open("/proc/self/status") as status, open(MEMORY, "w") as file:
        file.write(next(line.split()[1] for line in status if line.startswith("VmHWM:")))


main()
