#!/usr/bin/env bash
# mutmut 3.8.1 mutates the bodies of undecorated functions alone: a property, a context manager, a
# method of a dataclass with a decorator, a module's table and an enum's members get no mutant, and
# nothing says so. A module that is nothing but rules as data is reported with 0 survivors.
# https://mutmut.readthedocs.io
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mutmut==3.8.1 pytest==9.2.0
mkdir -p "$dir/project/tests"; cd "$dir/project"
cat > shop.py <<'PY'
from contextlib import contextmanager

LIMITS = {"small": 1, "large": 2}


class Basket:
    size = 3

    @property
    def doubled(self):
        return self.size * 2


@contextmanager
def opened():
    yield 1 + 1


def plain():
    return 1 + 1
PY
cat > tests/test_shop.py <<'PY'
import shop


def test_all():
    with shop.opened() as two:
        assert two == shop.plain() == 2
    assert shop.Basket().doubled == 6
    assert shop.LIMITS == {"small": 1, "large": 2}
PY
printf '[mutmut]\nsource_paths=shop.py\n' > setup.cfg
"$dir/venv/bin/mutmut" run > run.log 2>&1 || { tail -20 run.log; exit 1; }
seen=$("$dir/venv/bin/mutmut" results --all true | sed 's/^ *//' | sort)
echo "$seen"
[ "$seen" = "shop.x_plain__mutmut_1: killed
shop.x_plain__mutmut_2: killed
shop.x_plain__mutmut_3: killed" ] || { echo "CHANGED: mutmut 3.8.1 mutates other code than it did" >&2; exit 1; }
