#!/usr/bin/env bash
# botocore 1.43.106: Config(parameter_validation=False) works, but client.meta.config says True
# for such a client: the switch is popped into another place before the client's config is made.
# A check that reads it there (a test, a wrapper) passes or fails for nothing.
# https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106
cat > "$dir/try.py" <<'PY'
import boto3
from botocore.config import Config
from botocore.exceptions import ParamValidationError

class Reached(Exception):
    pass

def stop(**_):
    raise Reached

for wanted in (True, False):
    client = boto3.client(
        "sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(parameter_validation=wanted),
    )
    client.meta.events.register("before-send", stop)
    try:
        client.send_message(QueueUrl="http://127.0.0.1:1/q", MessageBody=1)
    except ParamValidationError:
        done = "validated"
    except Reached:
        done = "sent as it is"
    print(f"asked for {wanted}: a number as MessageBody is {done}; meta.config says {client.meta.config.parameter_validation}")
PY
seen=$("$dir/venv/bin/python" "$dir/try.py")
echo "$seen"
[ "$seen" = "asked for True: a number as MessageBody is validated; meta.config says True
asked for False: a number as MessageBody is sent as it is; meta.config says True" ] ||
  { echo "CHANGED: botocore 1.43.106 says something else than it did" >&2; exit 1; }
