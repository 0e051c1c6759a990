"""How long the component's name may be, so that AWS takes every name made from it."""

import re
from collections.abc import Iterator

PULUMI_SUFFIX = "-1a2b3c4"
"""What Pulumi adds to make a physical name its own."""

LONGEST = {
    "an IAM role": ("-processor-role", 64),
    "an S3 bucket": ("-quarantine", 63),
    "a Lambda function": ("-processor", 64),
    "an EventBridge schedule": ("-daily-check", 64),
    "an EventBridge rule": ("-input-events", 64),
    "an SQS queue": ("-kept-events", 80),
    "a schedule group": ("-retries", 64),
    "an alarm": ("-rescue-undelivered", 255),
    "a DynamoDB table": ("-FileMetadata", 255),
    "an SNS topic": ("-ScalperQuietOutcomes", 256),
    "a log group": ("-processor-logs", 512),
}
"""For each kind of name the longest ending we give it, and the most characters AWS takes."""

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")


def name_problems(name: str) -> Iterator[str]:
    """What AWS would refuse about names that begin with `name`."""
    if not _NAME.fullmatch(name):
        yield (
            "the name must be lower-case letters, digits and -, the first no -, because buckets "
            f"are named after it (got {name!r})"
        )
    elif name.startswith(_RESERVED):
        yield f"the name may not begin with {' or '.join(_RESERVED)}: S3 reserves it (got {name!r})"
    thing, (ending, limit) = min(LONGEST.items(), key=lambda item: item[1][1] - len(item[1][0]))
    room = limit - len(ending) - len(PULUMI_SUFFIX)
    if len(name) > room:
        yield (
            f"the name may have at most {room} characters, because {thing} may have {limit}, and "
            f"{ending} and Pulumi's own {len(PULUMI_SUFFIX)} are added (got {len(name)}, {name!r})"
        )
