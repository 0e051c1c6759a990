#!/usr/bin/env bash
# moto 5.2.5: CopyObject takes If-None-Match and If-Match (which S3 and botocore know since late
# 2025) without a word and ignores them: a copy "only if nothing is there" overwrites what is there,
# while PutObject with the same header is refused. A test that relies on moto passes, whatever the
# code does with a refusal.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106 'moto[s3]==5.2.5'
cat > "$dir/try.py" <<'PY'
import os
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

with mock_aws():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="copies")
    s3.put_object(Bucket="copies", Key="old", Body=b"old")
    s3.put_object(Bucket="copies", Key="new", Body=b"new")
    def tried(name, call, **arguments):
        try:
            call(Bucket="copies", Key="new", **arguments)
            print(f"{name}: taken; the object is now", s3.get_object(Bucket="copies", Key="new")["Body"].read().decode())
        except ClientError as error:
            print(f"{name}: refused,", error.response["Error"]["Code"])
    source = {"Bucket": "copies", "Key": "old"}
    tried("PutObject If-None-Match: *", s3.put_object, Body=b"put", IfNoneMatch="*")
    tried("CopyObject If-None-Match: *", s3.copy_object, CopySource=source, IfNoneMatch="*")
    tried("CopyObject If-Match: of nothing", s3.copy_object, CopySource=source, IfMatch='"0"')
PY
seen=$("$dir/venv/bin/python" "$dir/try.py")
echo "$seen"
[ "$seen" = "PutObject If-None-Match: *: refused, PreconditionFailed
CopyObject If-None-Match: *: taken; the object is now old
CopyObject If-Match: of nothing: taken; the object is now old" ] || { echo "CHANGED: moto 5.2.5 behaves in another way than it did" >&2; exit 1; }
