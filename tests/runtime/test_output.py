"""What the user's code prints, logs and raises, on the runtime that carries it on AWS."""

import io
import json
import zipfile
from pathlib import Path

import click
import pytest

from .deployment import Lambda
from .instance import Invocation

LIMIT_BYTES = 64 * 1024


def run(function: Lambda, body: str, **files: str) -> Invocation:
    """One file of a `process` with this body; it must end well."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    imports = "import faulthandler, logging, os, subprocess, sys, ctypes"
    function.deploy(f"{imports}\ndef process(file):\n{lines}\n", files=files)
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert ended.succeeded, (ended.payload, ended.stdout)
    assert function.world.status(upload) == "PROCESSED"
    return ended


AS_IN_PLAIN_LAMBDA = """
print("print")
sys.stdout.buffer.write(b"bytes\\n")
sys.stdout.flush()
print(sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.encoding.lower(), sys.stdout.isatty())
sys.stdout.reconfigure(line_buffering=True, encoding="utf-8")
faulthandler.enable()
subprocess.run(["echo", "child"], stdout=sys.stdout, stderr=sys.stderr, check=True)
subprocess.run(["sh", "-c", "echo inherited; echo error >&2"], check=True)
print("error too", file=sys.stderr)
libc = ctypes.CDLL(None)
libc.puts(b"from C")
libc.fflush(None)
os.write(2, b"descriptor\\n")
"""


def test_every_way_to_print_works_and_is_in_the_log_in_its_order(function: Lambda) -> None:
    ended = run(function, AS_IN_PLAIN_LAMBDA)
    *printed, line = ended.stdout.splitlines()
    assert printed == [
        *("print", "bytes", "1 2 utf-8 False", "child", "inherited", "error"),
        *("error too", "from C", "descriptor"),
    ]
    assert json.loads(line)["status"] == "PROCESSED"


def test_click_echo_works(function: Lambda) -> None:
    """It asks for the stream's bytes, as many command-line libraries do."""
    folder = Path(click.__file__).parents[1]
    ended = run(
        function,
        f"sys.path.insert(0, {str(folder)!r})\nimport click\nclick.echo('hello')\nclick.echo(b'x')",
    )
    assert ended.stdout.splitlines()[:2] == ["hello", "x"]


@pytest.mark.parametrize(
    "way",
    [
        'print("x" * 100_000)',
        'sys.stderr.write("x" * 100_000)',
        'subprocess.run(["sh", "-c", "head -c 100000 /dev/zero | tr \'\\\\0\' x"], check=True)',
        'ctypes.CDLL(None).write(1, b"x" * 100_000, 100_000)',
    ],
)
def test_the_limit_holds_whoever_prints(function: Lambda, way: str) -> None:
    ended = run(function, f"for _ in range(3): {way}")
    assert ended.stdout.count("x") == LIMIT_BYTES
    assert "bytes more; 65,536 a file are kept)" in ended.stdout


def test_logging_goes_past_standard_output_and_is_limited_too(function: Lambda) -> None:
    ended = run(
        function,
        'logging.warning("first")\nfor _ in range(1000): logging.warning("x" * 1000)',
    )
    first, *rest = (json.loads(line) for line in ended.telemetry if '"root"' in line)
    assert first["message"] == "first"
    assert first["requestId"] == "request-1"
    assert 40 < len(rest) < 65
    assert sum(len(line) for line in ended.telemetry if '"root"' in line) <= LIMIT_BYTES
    assert "(process logged " in ended.stdout
    assert "bytes more; 65,536 a file are kept)" in ended.stdout


def test_every_file_of_an_instance_may_log_as_much(function: Lambda) -> None:
    function.deploy(
        'import logging\ndef process(file):\n    for _ in range(99): logging.warning("x" * 1000)\n'
    )
    logged = []
    for n in range(2):
        ended = function.invoke(function.world.upload(f"{n}.csv"), f"request-{n}")
        logged.append(sum("xxx" in line for line in ended.telemetry))
    assert logged[0] == logged[1] > 40


def test_what_is_logged_by_a_logger_of_its_own_on_standard_output_is_limited(
    function: Lambda,
) -> None:
    ended = run(
        function,
        "log = logging.getLogger('mine'); log.propagate = False\n"
        "log.addHandler(logging.StreamHandler(sys.stdout))\n"
        "for _ in range(1000): log.warning('x' * 1000)",
    )
    assert ended.stdout.count("x") in range(LIMIT_BYTES - 1000, LIMIT_BYTES + 1)


def test_a_process_that_closes_every_descriptor_harms_no_file(function: Lambda) -> None:
    function.deploy(
        """
        import os
        def process(file):
            print("hello", file.name)
            if file.name == "0.csv":
                os.closerange(3, 200)
        """
    )
    uploads = [function.world.upload(f"{n}.csv") for n in range(3)]
    for n, upload in enumerate(uploads):
        ended = function.invoke(upload, f"request-{n}")
        assert ended.succeeded, ended
        assert ended.stdout.splitlines()[0] == f"hello {n}.csv"
        assert [line["status"] for line in ended.lines] == ["PROCESSED"]
    assert [function.world.status(upload) for upload in uploads] == ["PROCESSED"] * 3


def test_process_has_no_child_that_it_did_not_start(function: Lambda) -> None:
    """What copies its output is nobody's child: who waits for all of them comes to an end."""
    ended = run(function, "try: os.wait()\nexcept ChildProcessError: print('no child')")
    assert ended.stdout.startswith("no child\n")


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ('print("last words"); os._exit(3)', "last words"),
        (
            'ctypes.CDLL(None).write(2, b"free(): invalid pointer", 23); os.abort()',
            "invalid pointer",
        ),
        ("faulthandler.enable(); ctypes.string_at(0)", "Segmentation fault"),
    ],
)
def test_the_last_words_of_a_process_that_dies_are_in_the_log(
    function: Lambda, death: str, words: str
) -> None:
    function.deploy(f"import ctypes, faulthandler, os\ndef process(file): {death}")
    ended = function.invoke(function.world.upload())
    assert ended.exit_status
    assert words in ended.stdout


# What it raises.


def test_the_cause_and_the_line_of_the_users_code_are_in_the_log(function: Lambda) -> None:
    function.deploy(
        """
        from prices import price
        def process(file):
            return price({"price": "free"})
        """,
        files={
            "prices.py": """
            def price(row):
                try:
                    return int(row["price"])
                except ValueError as error:
                    error.add_note("in the column price")
                    raise KeyError("no price") from error
            """
        },
    )
    ended = function.invoke(function.world.upload())
    assert ended.payload["errorMessage"] == "PROCESS_FAILED: process raised KeyError: 'no price'"
    [line] = ended.lines
    text = line["traceback"]
    assert text.splitlines()[-1] == "KeyError: 'no price'"
    for part in (
        f'File "{function.task}/process/main.py", line 4, in process',
        'return price({"price": "free"})',
        f'File "{function.task}/process/prices.py", line 4, in price',
        "ValueError: invalid literal for int() with base 10: 'free'",
        "in the column price",
    ):
        assert part in text
    assert "/handler/" not in text
    assert ended.stdout.isascii()
    assert sum("in the column price" in written for written in ended.telemetry) == 0, "once"


def test_code_that_cannot_be_loaded_says_where(function: Lambda) -> None:
    function.deploy(
        "from helper import licence\ndef process(file): pass",
        files={"helper.py": "licence = {}['licence']\n"},
    )
    ended = function.invoke(function.world.upload())
    [line] = ended.lines
    assert line["code"] == "CONFIGURATION"
    assert f'File "{function.task}/process/helper.py", line 1' in line["traceback"]
    assert line["traceback"].endswith("KeyError: 'licence'")


# What it reads.


def test_a_zip_file_can_be_read_as_in_any_other_python(function: Lambda) -> None:
    function.deploy(
        """
        import zipfile
        def process(file):
            with zipfile.ZipFile(file.open()) as archive:
                return [archive.read(name).decode() for name in archive.namelist()]
        """
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "first")
        archive.writestr("b.txt", "second")
    upload = function.world.upload("a.zip", buffer.getvalue())
    assert function.invoke(upload).succeeded
    assert function.world.record(upload)["result"] == ["first", "second"]
    assert function.aws.calls.count("s3.GET") == 1
