"""A pipeline for the files of partners. `pulumi install`, then `pulumi up`."""

import pulumi
import silent_scalper_silent_scalper as scalper

intake = scalper.SilentScalperPipeline(
    "intake",
    alert_emails=["you@example.com"],
    email_on=scalper.EmailOn.FAILURES,
    accepted_types=["csv", "json"],
    max_size_bytes=100_000_000,
    # To try it out: `pulumi destroy` removes the files too. Leave it out for your own.
    protect_data=False,
)

pulumi.export("input_bucket", intake.input_bucket)
pulumi.export("quarantine_bucket", intake.quarantine_bucket)
pulumi.export("metadata_table", intake.metadata_table)
