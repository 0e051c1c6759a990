"""The component: every uploaded file ends in one of four fates, by name, and people are told."""

import pulumi
import pulumi_aws as aws

from .alarms import alarms
from .archive import handler_code, handler_code_with
from .args import SilentScalperPipelineArgs
from .buckets import input_bucket, quarantine_bucket
from .checks import checked
from .functions import FunctionSpec, deploy, environment, invoke_on_upload
from .iam import allow, settle_files
from .kept_events import kept_events_queue
from .scope import Scope
from .table import metadata_table
from .topic import alerts_topic, subscribe_people

RESCUER_TIMEOUT_SECONDS = 900
"""Time to copy the largest file, after whatever made the processor fail."""
RESCUER_MEMORY_MB = 512


class SilentScalperPipeline(pulumi.ComponentResource):
    """Gives every file uploaded to its input bucket a known fate, and tells people of it.

    Accepted files stay where they are, rejected ones are moved to a quarantine bucket, and what
    could not be dealt with is held and reported. Nothing in it costs anything while idle.
    """

    input_bucket: pulumi.Output[str]
    """Name of the bucket that files are uploaded to."""
    input_bucket_arn: pulumi.Output[str]
    """ARN of the bucket that files are uploaded to, for the policies of those who upload."""
    quarantine_bucket: pulumi.Output[str]
    """Name of the bucket that rejected files are moved to."""
    quarantine_bucket_arn: pulumi.Output[str]
    """ARN of the bucket that rejected files are moved to."""
    metadata_table: pulumi.Output[str]
    """Name of the FileMetadata table, one item an upload."""
    metadata_table_arn: pulumi.Output[str]
    """ARN of the FileMetadata table."""
    alerts_topic: pulumi.Output[str]
    """Name of the ScalperAlerts topic."""
    alerts_topic_arn: pulumi.Output[str]
    """ARN of the ScalperAlerts topic, to subscribe queues and functions to outcomes."""
    processor_function: pulumi.Output[str]
    """Name of the function that decides about each file."""
    processor_function_arn: pulumi.Output[str]
    """ARN of the function that decides about each file."""
    rescuer_function: pulumi.Output[str]
    """Name of the function that takes over when the processor has failed for good."""
    rescuer_function_arn: pulumi.Output[str]
    """ARN of the function that takes over when the processor has failed for good."""
    processor_role: pulumi.Output[str]
    """Name of the role your `process` runs with; attach to it what your code needs."""
    kept_events_queue_url: pulumi.Output[str]
    """URL of the queue that keeps events which could not even be recorded."""

    def __init__(
        self,
        name: str,
        args: SilentScalperPipelineArgs = {},  # noqa: B006 - the schema is inferred from this form
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Raise a `ValueError` that lists everything wrong with the arguments at once."""
        settings = checked(name, args)
        super().__init__("silent-scalper:index:SilentScalperPipeline", name, {}, opts)
        scope = Scope(name, self, settings.tags)
        # With this parent, the account is the one of the provider that the caller chose.
        account_id = aws.get_caller_identity_output(
            opts=pulumi.InvokeOutputOptions(parent=self)
        ).account_id

        uploads = input_bucket(
            scope,
            retention_days=settings.input_retention_days,
            protect_data=settings.protect_data,
        )
        quarantine = quarantine_bucket(
            scope,
            retention_days=settings.quarantine_retention_days,
            protect_data=settings.protect_data,
        )
        table = metadata_table(
            scope,
            point_in_time_recovery=settings.point_in_time_recovery,
            protect_data=settings.protect_data,
        )
        topic = alerts_topic(scope, account_id=account_id)
        subscribe_people(scope, topic, settings.alert_emails)
        kept_events = kept_events_queue(scope)

        may_settle_files = settle_files(
            input_bucket_arn=uploads.bucket.arn,
            quarantine_bucket_arn=quarantine.bucket.arn,
            table_arn=table.arn,
            topic_arn=topic.arn,
        )
        told = environment(
            scope,
            settings,
            input_bucket=uploads.bucket.bucket,
            quarantine_bucket=quarantine.bucket.bucket,
            table=table.name,
            topic_arn=topic.arn,
        )
        rescuer = deploy(
            scope,
            FunctionSpec(
                purpose="rescuer",
                description="Quarantines or holds what the processor has failed on for good",
                entry="handler.rescuer.handler",
                code=handler_code(),
                environment=told,
                statements=[
                    *may_settle_files,
                    allow("KeepEvents", ["sqs:SendMessage"], kept_events.arn),
                ],
                on_failure_arn=kept_events.arn,
                memory_mb=RESCUER_MEMORY_MB,
                timeout_seconds=RESCUER_TIMEOUT_SECONDS,
                log_retention_days=settings.log_retention_days,
            ),
        )
        processor = deploy(
            scope,
            FunctionSpec(
                purpose="processor",
                description="Accepts or rejects each uploaded file",
                entry="handler.processor.handler",
                code=(
                    handler_code()
                    if settings.process_code is None
                    else handler_code_with(settings.process_code)
                ),
                environment={**settings.process_environment, **told},
                statements=[
                    *may_settle_files,
                    allow("CallTheRescuer", ["lambda:InvokeFunction"], rescuer.function.arn),
                ],
                on_failure_arn=rescuer.function.arn,
                memory_mb=settings.memory_mb,
                timeout_seconds=settings.timeout_seconds,
                log_retention_days=settings.log_retention_days,
                temporary_storage_mb=settings.temporary_storage_mb,
                reserved_concurrency=settings.reserved_concurrency,
                layers=settings.process_layers,
            ),
        )
        invoke_on_upload(
            scope,
            uploads.bucket,
            processor.function,
            account_id=account_id,
            settings=settings,
            after=[*uploads.settled, *quarantine.settled, *processor.settled, *rescuer.settled],
        )
        alarms(
            scope,
            topic,
            processor=processor.function,
            rescuer=rescuer.function,
            kept_events=kept_events,
        )

        self.input_bucket = uploads.bucket.bucket
        self.input_bucket_arn = uploads.bucket.arn
        self.quarantine_bucket = quarantine.bucket.bucket
        self.quarantine_bucket_arn = quarantine.bucket.arn
        self.metadata_table = table.name
        self.metadata_table_arn = table.arn
        self.alerts_topic = topic.name
        self.alerts_topic_arn = topic.arn
        self.processor_function = processor.function.name
        self.processor_function_arn = processor.function.arn
        self.rescuer_function = rescuer.function.name
        self.rescuer_function_arn = rescuer.function.arn
        self.processor_role = processor.role.name
        self.kept_events_queue_url = kept_events.url
        self.register_outputs(
            {output: getattr(self, output) for output in SilentScalperPipeline.__annotations__}
        )
