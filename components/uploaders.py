"""Who else may put files into a bucket of the pipeline's own, and what else its policy says.

Statements of a policy add up, and a denial always wins: nothing here can take back one of ours.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi import Input, Output
from pulumi_aws import s3

from silent_scalper_arguments.principals import SENDER_SID, check_statement, organisation_of
from silent_scalper_arguments.values import Wrong

from .iam import Statement, objects_of


def let_in(bucket: s3.Bucket, senders: Mapping[str, Input[str]]) -> list[Statement]:
    """Each may put objects below its prefix, and nothing else; the bucket's owner owns them."""
    return [_of(bucket, at, who, prefix) for at, (who, prefix) in enumerate(senders.items(), 1)]


def _of(bucket: s3.Bucket, number: int, who: str, prefix: Input[str]) -> Statement:
    organisation = organisation_of(who)
    statement: Statement = {
        "Sid": f"{SENDER_SID}{number}",
        "Effect": "Allow",
        "Principal": "*" if organisation else {"AWS": who},
        "Action": ["s3:PutObject"],
        "Resource": [Output.concat(bucket.arn, "/", prefix, "*")],
    }
    if organisation:
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": organisation}}
    return statement


def also(bucket: s3.Bucket, statements: Sequence[Input[str]]) -> list[Output[dict[str, Any]]]:
    """The user's own, of the bucket and all in it where they name no resource."""
    return [
        Output.all(statement, bucket.arn, objects_of(bucket.arn)).apply(_completed)
        for statement in statements
    ]


def _completed(known: list[Any]) -> dict[str, Any]:
    text, *everything = known
    statement: dict[str, Any] = json.loads(text)
    try:
        check_statement(statement)
    except Wrong as wrong:
        raise ValueError("; ".join(wrong.about("bucket_policy_statements: one"))) from None
    if not {"Resource", "NotResource"} & statement.keys():
        statement["Resource"] = everything
    return statement
