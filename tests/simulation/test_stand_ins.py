"""The stand-ins for S3, DynamoDB and SNS answer as moto does, call for call.

Where moto is laxer than AWS (it ignores `CopySourceIfMatch` and takes a message without its
default), nothing is compared; where a stand-in gives less (dates, owners), what it gives is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import botocore.session
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from .dynamodb import DynamoDB
from .s3 import S3
from .sns import SNS
from .wire import Client, Terms

Request = dict[str, Any]
BUCKETS = ("input-bucket", "quarantine-bucket")
_IGNORED = {
    "ResponseMetadata",
    "AcceptRanges",
    "LastModified",
    "ChecksumType",
    "ServerSideEncryption",
    "TagCount",
    "MessageId",
    "CopySourceVersionId",
}


class Directly:
    """Carries a call with nothing in between."""

    def carry(
        self,
        service: str,
        operation: str,
        request: Request,
        perform: Callable[[], Any],
        terms: Terms,
    ) -> Any:
        return perform()


class Step(NamedTuple):
    """One call. Numbers in place of ids stand for the n-th version or upload made so far."""

    operation: str
    request: Request


class Twin:
    """A client of either kind, which gives its own ids the names that both sides share."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._ids: list[str] = []

    def take(self, step: Step) -> object:
        """What it answered, in comparable form."""
        try:
            answer = getattr(self._client, step.operation)(**self._with_ids(step.request))
        except ClientError as error:
            details, response = error.response["Error"], error.response["ResponseMetadata"]
            item = error.response.get("Item")
            return details["Code"], response["HTTPStatusCode"], item
        for name in ("VersionId", "UploadId"):
            if step.operation in _MAKING and name in answer:
                self._ids.append(answer[name])
        # moto does not name the version that it found nothing to delete of.
        return {} if step.operation == "delete_object" else self._shared(answer)

    def _with_ids(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: self._id(part) if name in _ID_NAMES else self._with_ids(part)
                for name, part in value.items()
            }
        return [self._with_ids(part) for part in value] if isinstance(value, list) else value

    def _id(self, number: Any) -> Any:
        return self._ids[number % len(self._ids)] if self._ids else "none-was-made-so-far"

    def _shared(self, value: Any) -> Any:
        if isinstance(value, dict):
            shared = {n: self._shared(v) for n, v in value.items() if n not in _IGNORED}
            return {name: part for name, part in shared.items() if part not in ([], None)}
        if isinstance(value, list):
            return [self._shared(part) for part in value]
        if hasattr(value, "read"):
            return value.read()
        return f"id {self._ids.index(value)}" if value in self._ids else value


_MAKING = {"put_object", "copy_object", "complete_multipart_upload", "create_multipart_upload"}
_ID_NAMES = {"VersionId", "UploadId"}


@contextmanager
def moto_client(service: str) -> Iterator[Any]:
    """As new each time: nothing is left of the example before."""
    with mock_aws():
        yield _client(service)


@cache
def _client(service: str) -> Any:
    """Made once, which takes longer than all its calls; moto is in the way of what it sends."""
    return botocore.session.get_session().create_client(
        service,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )


def _make_buckets(moto: Any) -> None:
    for bucket in BUCKETS:
        moto.create_bucket(Bucket=bucket)
        moto.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def assert_equal(stand_in: Any, moto: Any, steps: list[Step]) -> None:
    ours, theirs = Twin(stand_in), Twin(moto)
    for number, step in enumerate(steps):
        mine, its = ours.take(step), theirs.take(step)
        assert mine == _as_far_as(mine, its), f"step {number}: {step}"


def _as_far_as(mine: Any, its: Any) -> Any:
    """What `its` says of the things that `mine` names."""
    if isinstance(mine, dict) and isinstance(its, dict):
        return {name: _as_far_as(mine[name], part) for name, part in its.items() if name in mine}
    if isinstance(mine, list) and isinstance(its, list) and len(mine) == len(its):
        return [_as_far_as(one, other) for one, other in zip(mine, its, strict=True)]
    return its


_keys = st.sampled_from(["a", "a/b", "c d+é"])
_numbers = st.integers(0, 5)
_places = st.fixed_dictionaries({"Bucket": st.sampled_from(BUCKETS), "Key": _keys})
_versions = st.one_of(
    _places,
    st.builds(lambda place, number: {**place, "VersionId": number}, _places, _numbers),
)
_metadata = st.sampled_from([{}, {"one": "1"}, {"one": "2", "two": "zwei"}])
_bodies = st.sampled_from([b"", b"some bytes", b"others"])


def _puts() -> st.SearchStrategy[Step]:
    return st.builds(
        lambda place, body, metadata: Step(
            "put_object",
            {**place, "Body": body, "Metadata": metadata, "Tagging": "k=v", "ContentType": "a/b"},
        ),
        _places,
        _bodies,
        _metadata,
    )


def _copies() -> st.SearchStrategy[Step]:
    return st.builds(
        lambda place, source, metadata: Step(
            "copy_object",
            {
                **place,
                "CopySource": source,
                "Metadata": metadata,
                "MetadataDirective": "REPLACE",
                "TaggingDirective": "COPY",
            },
        ),
        _places,
        st.builds(lambda place, number: {**place, "VersionId": number}, _places, _numbers),
        _metadata,
    )


_s3_steps = st.lists(
    st.one_of(
        _puts(),
        _puts(),
        _copies(),
        st.builds(
            Step, st.sampled_from(["head_object", "get_object", "get_object_tagging"]), _versions
        ),
        st.builds(Step, st.just("delete_object"), _versions.filter(lambda r: "VersionId" in r)),
        st.builds(
            lambda bucket, prefix: Step(
                "list_object_versions", {"Bucket": bucket, "Prefix": prefix}
            ),
            st.sampled_from(BUCKETS),
            _keys,
        ),
    ),
    min_size=3,
    max_size=14,
)


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@examples(40)
@given(_s3_steps)
def test_s3_answers_as_moto_does(steps: list[Step]) -> None:
    with moto_client("s3") as moto:
        _make_buckets(moto)
        model = S3(lambda: datetime.now(UTC), *BUCKETS)
        assert_equal(Client("s3", model, Directly()), moto, steps)


def test_s3_copies_in_parts_as_moto_does() -> None:
    with moto_client("s3") as moto:
        _make_buckets(moto)
        for client in (Client("s3", S3(lambda: datetime.now(UTC), *BUCKETS), Directly()), moto):
            _copy_in_parts(client)


def _copy_in_parts(client: Any) -> None:
    source, target = ({"Bucket": bucket, "Key": "large"} for bucket in BUCKETS)
    mib = 1024 * 1024
    body = bytes(range(256)) * 4096 * 6
    made = client.put_object(**source, Body=body)["VersionId"]
    upload = client.create_multipart_upload(**target, Metadata={"a": "b"}, Tagging="k=v")
    parts = []
    for number, span in enumerate((f"0-{5 * mib - 1}", f"{5 * mib}-{6 * mib - 1}"), 1):
        answer = client.upload_part_copy(
            **target,
            UploadId=upload["UploadId"],
            PartNumber=number,
            CopySource={**source, "VersionId": made},
            CopySourceRange=f"bytes={span}",
        )
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    done = client.complete_multipart_upload(
        **target, UploadId=upload["UploadId"], MultipartUpload={"Parts": parts}
    )
    copy = client.get_object(**target, VersionId=done["VersionId"])
    assert copy["Body"].read() == body
    assert copy["Metadata"] == {"a": "b"}
    assert copy["ETag"].endswith('-2"')
    tagging = client.get_object_tagging(**target, VersionId=done["VersionId"])
    assert tagging["TagSet"] == [{"Key": "k", "Value": "v"}]
    with pytest.raises(ClientError, match="NoSuchUpload"):
        client.abort_multipart_upload(**target, UploadId=upload["UploadId"])


_SETS = ("SET #n = #n + :one, #s = :a", "ADD n :one, m :one SET s = :b", "SET #s = :b")
_CONDITIONS = (
    "attribute_not_exists(pk)",
    "attribute_not_exists(pk) OR #s = :a",
    "#s = :a AND #n = :one",
    "#s <> :a",
    "#s = :a AND ( attribute_not_exists(m) OR #n <> :one )",
    "(attribute_not_exists(n) OR n < :two) AND (attribute_not_exists(m) OR m < :two)",
)
_VALUES = {":one": {"N": "1"}, ":two": {"N": "2"}, ":a": {"S": "a"}, ":b": {"S": "b"}}


def _used(expressions: str) -> Request:
    """Only what is used may be given."""
    names = {"#n": "n", "#s": "s"}
    used = {
        "ExpressionAttributeNames": {k: v for k, v in names.items() if k in expressions},
        "ExpressionAttributeValues": {k: v for k, v in _VALUES.items() if k in expressions},
    }
    return {name: value for name, value in used.items() if value}


_table_keys = st.builds(
    lambda pk, sk: {"pk": {"S": pk}, "sk": {"S": sk}},
    st.sampled_from(["k", "l"]),
    st.sampled_from(["1", "2"]),
)
_put_items = st.builds(
    lambda key, n, s, condition, old: Step(
        "put_item",
        {
            "TableName": "t",
            "Item": {**key, "n": {"N": n}, "s": {"S": s}},
            "ConditionExpression": condition,
            **_used(condition),
            **old,
        },
    ),
    _table_keys,
    st.sampled_from(["0", "1"]),
    st.sampled_from(["a", "b"]),
    st.sampled_from(_CONDITIONS),
    st.sampled_from([{}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]),
)
_update_items = st.builds(
    lambda key, update, condition, old: Step(
        "update_item",
        {
            "TableName": "t",
            "Key": key,
            "UpdateExpression": update,
            "ConditionExpression": condition,
            **_used(update + condition),
            **old,
        },
    ),
    _table_keys,
    st.sampled_from(_SETS[1:]),
    st.sampled_from(_CONDITIONS),
    st.sampled_from([{}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]),
)


@examples(40)
@given(st.lists(_put_items | _update_items, min_size=2, max_size=12))
def test_dynamodb_answers_and_keeps_as_moto_does(steps: list[Step]) -> None:
    with moto_client("dynamodb") as moto:
        moto.create_table(
            TableName="t",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        model = DynamoDB("pk", "sk")
        assert_equal(Client("dynamodb", model, Directly()), moto, steps)
        kept = {(i["pk"]["S"], i["sk"]["S"]): i for i in moto.scan(TableName="t")["Items"]}
        assert model.items == kept


@pytest.mark.parametrize(
    ("subject", "text", "structure", "topic"),
    [
        ("Processed: a.csv", '{"default": "{}", "email": "text"}', "json", "t"),
        ("x" * 99, '{"default": "{}"}', "json", "t"),
        ("x" * 101, '{"default": "{}"}', "json", "t"),
        ("too long", '{"default": "' + "x" * 300_000 + '"}', "json", "t"),
        ("of no topic", '{"default": "{}"}', "json", "another"),
    ],
)
def test_sns_takes_and_refuses_what_moto_does(
    subject: str, text: str, structure: str, topic: str
) -> None:
    with moto_client("sns") as moto:
        topic_arn = moto.create_topic(Name="t")["TopicArn"]
        request = {
            "TopicArn": topic_arn if topic == "t" else f"{topic_arn}{topic}",
            "Subject": subject,
            "Message": text,
            "MessageStructure": structure,
            "MessageAttributes": {"email": {"DataType": "String", "StringValue": "no"}},
        }
        stand_in = Client("sns", SNS(lambda: 0.0, [topic_arn]), Directly())
        assert_equal(stand_in, moto, [Step("publish", request)])
