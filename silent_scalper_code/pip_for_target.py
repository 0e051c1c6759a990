"""Runs pip so that conditions in requirements are about Lambda, not about this interpreter.

    python -P pip_for_target.py ENVIRONMENT ARGUMENTS-OF-PIP...

`pip install --platform … --python-version …` chooses the files of another platform, but decides
`requests; python_version < "3.13"` by the Python that pip itself runs on
(https://github.com/pypa/pip/issues/11664). ENVIRONMENT is JSON: what such conditions are about.
"""

import json
import sys
from typing import Any


def main() -> None:
    environment = json.loads(sys.argv[1])
    import pip._internal.cli.main as pip  # noqa: PLC0415
    from pip._vendor.packaging import markers  # noqa: PLC0415

    def default_environment() -> Any:
        return dict(environment)

    if not hasattr(markers, "default_environment"):
        sys.exit("this pip decides conditions in an unknown way; install another, or uv")
    markers.default_environment = default_environment
    sys.exit(pip.main(sys.argv[2:]))


if __name__ == "__main__":
    main()
