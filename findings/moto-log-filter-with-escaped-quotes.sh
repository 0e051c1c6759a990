#!/usr/bin/env bash
# moto 5.2.5: FilterLogEvents with a quoted pattern that holds escaped quotes, the obvious way to look
# for a field of a JSON line as text ("\"status\":"), finds nothing and says nothing, while the same
# word without the inner quotes finds the line. A search that seems to find no line may be the pattern.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106 'moto[logs]==5.2.5'
cat > "$dir/try.py" <<'PY'
import os
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
import json
import time
import boto3
from moto import mock_aws

with mock_aws():
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    line = json.dumps({"status": "PROCESSED", "key": "a.csv"})
    logs.put_log_events(
        logGroupName="g", logStreamName="s",
        logEvents=[{"timestamp": int(time.time() * 1000), "message": line}],
    )
    for pattern in ('"status"', '"PROCESSED"', '"\\"status\\":"', '"\\"PROCESSED\\""'):
        found = logs.filter_log_events(logGroupName="g", filterPattern=pattern)["events"]
        print(f"{pattern}: {len(found)} found in {line}")
PY
seen=$("$dir/venv/bin/python" "$dir/try.py")
echo "$seen"
[ "$(printf '%s\n' "$seen" | grep -o ': [01] found' | tr -d '\n')" = ": 1 found: 1 found: 0 found: 0 found" ] ||
  { echo "CHANGED: moto 5.2.5 reads escaped quotes in another way than it did" >&2; exit 1; }
