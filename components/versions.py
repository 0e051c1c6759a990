"""This component's version, and the oldest of what it stands on; the only place for either."""

import re
from importlib.metadata import version

import pulumi
from pulumi.runtime import settings

VERSION = "0.1.0"

OLDEST = {"pulumi": "3.219.0", "pulumi-aws": "7.25.0"}
"""Both are tested; the next major version is another product.

7.25.0 is the first pulumi-aws on terraform-provider-aws 6.40: from there on a bucket's encryption
keeps what S3 adds to it (pull request 47359), and an index by `key_schema` with a range key is no
change at every `up` (46442).
"""


def require_packages() -> None:
    """Old packages fail on import with a name that says nothing, so this comes first."""
    for package, oldest in OLDEST.items():
        found = version(package)
        if _number(found) < _number(oldest):
            below = int(oldest.partition(".")[0]) + 1
            raise ImportError(
                f"silent-scalper {VERSION} needs {package} {oldest} or newer, below {below} "
                f"(found {found}); run: pip install --upgrade '{package}>={oldest},<{below}'"
            )


def require_cli() -> None:
    """The command has a version of its own, whatever the packages'."""
    if not hasattr(settings.get_engine(), "RequirePulumiVersion"):
        return  # mocks stand in for the engine
    oldest = OLDEST["pulumi"]
    try:
        pulumi.require_pulumi_version(f">={oldest}")
    except Exception as error:
        # What the engine says is lost on the way through a plug-in, and names no remedy.
        raise RuntimeError(
            f"silent-scalper {VERSION} needs the Pulumi CLI {oldest} or newer ({error}); "
            "see https://www.pulumi.com/docs/install/"
        ) from error


def _number(written: str) -> tuple[int, ...]:
    """The numbers of a version; what follows them, such as `rc1` or `+dirty`, is not compared."""
    found = re.match(r"\d+(\.\d+)*", written)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
