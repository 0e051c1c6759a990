"""`python -m local demo` and `python -m local up`.

Kept readable by every Python 3: the wrong one must be told so.
"""

import signal
import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.exit(
            f"Error: this is Python {sys.version_info[0]}.{sys.version_info[1]}. 3.11, 3.12 or 3.13"
            " is needed, because the functions run on the interpreter that starts the emulator. "
            "Try: make demo PYTHON=/path/to/python3.12"
        )
    # Ctrl-C while this imports: there is nothing to clean up yet, so no traceback either.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        # Only a suitable Python can read what this imports.
        from .commands import cli  # noqa: PLC0415
    except ModuleNotFoundError as error:
        sys.exit(
            f"Error: the package {error.name} is missing. `make demo` and `make local` install "
            "what is needed."
        )
    cli(prog_name="python -m local")


if __name__ == "__main__":
    main()
