"""A bucket into which a partner's account uploads, below a prefix of its own, and nothing else.

The partner allows its own role the same: `s3:PutObject` on `upload_to`. Here an auditor's account
may read everything besides, by a statement of your own.
"""

import json

import pulumi
from silent_scalper import SilentScalperPipeline

partner = pulumi.Config().require("partner")

intake = SilentScalperPipeline(
    "intake",
    {
        "accepted_types": ["csv"],
        "alert_emails": ["files@example.com"],
        "senders": {partner: "partner/"},
        "bucket_policy_statements": [
            json.dumps(
                {
                    "Sid": "AuditorsRead",
                    "Effect": "Allow",
                    "Principal": {"AWS": "444455556666"},
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                }
            )
        ],
        # To try it out: `pulumi destroy` removes the files too. Leave it out for your own.
        "protect_data": False,
    },
)

pulumi.export("upload_to", pulumi.Output.concat("s3://", intake.input_bucket, "/partner/"))
pulumi.export("input_bucket", intake.input_bucket)
pulumi.export("quarantine_bucket", intake.quarantine_bucket)
pulumi.export("metadata_table", intake.metadata_table)
pulumi.export("alerts_topic_arn", intake.alerts_topic_arn)
pulumi.export("processor_function", intake.processor_function)
pulumi.export("rescuer_function", intake.rescuer_function)
