"""Two pipelines for one bucket that exists, each for a prefix, with rules and people of its own.

Nothing of the bucket is changed, and it survives `pulumi destroy`. Set it up where it is made: with
versioning, and with its events sent to EventBridge; `scalper status` says what is missing.
"""

import pulumi
from silent_scalper import SilentScalperPipeline

bucket = pulumi.Config().require("bucket")

pipelines = {
    "invoices": SilentScalperPipeline(
        "invoices",
        {
            "input_bucket_name": bucket,
            "prefix": "invoices/",
            "accepted_types": ["csv", "pdf"],
            "alert_emails": ["accounting@example.com"],
        },
    ),
    "photos": SilentScalperPipeline(
        "photos",
        {
            "input_bucket_name": bucket,
            "prefix": "photos/",
            "accepted_types": ["jpg"],
            "alert_emails": ["press@example.com"],
        },
    ),
}

# For the operator: pulumi stack output invoices --json > invoices.json, and then
# scalper status --outputs invoices.json
for name, pipeline in pipelines.items():
    pulumi.export(
        name,
        {
            "input_bucket": pipeline.input_bucket,
            "quarantine_bucket": pipeline.quarantine_bucket,
            "metadata_table": pipeline.metadata_table,
            "alerts_topic_arn": pipeline.alerts_topic_arn,
            "processor_function": pipeline.processor_function,
            "rescuer_function": pipeline.rescuer_function,
        },
    )
