"""The component: every uploaded file ends in one of four fates, by name, and people are told."""

import pulumi
import pulumi_aws as aws

from silent_scalper_arguments.settings import EventsFrom

from . import functions
from .alarms import watch
from .args import SilentScalperPipelineArgs
from .buckets import input_bucket, quarantine_bucket
from .checks import checked
from .daily_check import Checked, daily_check
from .dashboard import Parts, dashboard
from .event_rule import event_rule, invoke_by_rule
from .existing_bucket import existing_bucket
from .functions import Places
from .iam import allow
from .kept_events import kept_events_queue
from .queries import save_queries
from .retries import retries
from .scope import Scope
from .table import metadata_table
from .topic import topics
from .trigger import invoke_on_upload, tell_eventbridge
from .versions import require_cli


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
    """ARN of the ScalperAlerts topic: alarms, the daily check, and outcomes that are e-mailed."""
    quiet_topic: pulumi.Output[str]
    """Name of the ScalperQuietOutcomes topic."""
    quiet_topic_arn: pulumi.Output[str]
    """ARN of the ScalperQuietOutcomes topic: the outcomes that are not e-mailed."""
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
        require_cli()
        settings = checked(name, args)
        super().__init__("silent-scalper:index:SilentScalperPipeline", name, {}, opts)
        scope = Scope(name, self, settings.tags)
        # With this parent, the account is the one of the provider that the caller chose.
        account_id = aws.get_caller_identity_output(
            opts=pulumi.InvokeOutputOptions(parent=self)
        ).account_id

        uploads = (
            input_bucket(scope, settings)
            if settings.input_bucket_name is None
            else existing_bucket(scope, settings.input_bucket_name, settings.prefix)
        )
        quarantine = quarantine_bucket(scope, settings)
        table = metadata_table(scope, settings)
        both_topics = topics(scope, settings, account_id=account_id)
        rule = (
            event_rule(scope, settings, uploads.name)
            if settings.door is EventsFrom.EVENTBRIDGE
            else None
        )
        kept_events = kept_events_queue(scope, settings, rule)

        places = Places(uploads, quarantine, table, both_topics, rule)
        processor = functions.processor(scope, settings, places)
        again = retries(scope, settings, processor.function, kept_events, account_id=account_id)
        rescuer = functions.rescuer(scope, settings, places, again)
        handed_over = [
            *functions.hand_over(
                scope,
                "processor",
                processor,
                allow("CallTheRescuer", ["lambda:InvokeFunction"], rescuer.function.arn),
            ),
            *functions.hand_over(
                scope,
                "rescuer",
                rescuer,
                allow("KeepEvents", ["sqs:SendMessage"], kept_events.arn),
            ),
        ]
        before_events = [
            *uploads.settled,
            *quarantine.settled,
            *handed_over,
            *(again.settled if again else []),
        ]
        if rule is None:
            invoke_on_upload(
                scope,
                settings,
                uploads,
                processor.function,
                account_id=account_id,
                after=before_events,
            )
        else:
            listening = invoke_by_rule(
                scope, rule, processor.function, kept_events, after=before_events
            )
            if settings.input_bucket_name is None:
                tell_eventbridge(scope, settings, uploads, after=listening)
        checker = None
        if settings.daily_check:
            checked_parts = Checked(
                places=places,
                processor=processor.function,
                rescuer=rescuer.function,
                kept_events=kept_events,
            )
            checker = daily_check(scope, settings, checked_parts, account_id=account_id)
        alarms = watch(
            scope,
            both_topics.alerts,
            processor.function,
            rescuer.function,
            kept_events=kept_events,
            checker=checker.function if checker else None,
        )
        save_queries(scope, [processor.logs, rescuer.logs])
        if settings.dashboard:
            parts = Parts(
                places=places,
                processor=processor,
                rescuer=rescuer,
                kept_events=kept_events,
                alarms=alarms,
            )
            dashboard(scope, settings, parts)

        self.input_bucket = uploads.name
        self.input_bucket_arn = uploads.arn
        self.quarantine_bucket = quarantine.name
        self.quarantine_bucket_arn = quarantine.arn
        self.metadata_table = table.name
        self.metadata_table_arn = table.arn
        self.alerts_topic = both_topics.alerts.name
        self.alerts_topic_arn = both_topics.alerts.arn
        self.quiet_topic = both_topics.quiet.name
        self.quiet_topic_arn = both_topics.quiet.arn
        self.processor_function = processor.function.name
        self.processor_function_arn = processor.function.arn
        self.rescuer_function = rescuer.function.name
        self.rescuer_function_arn = rescuer.function.arn
        self.processor_role = processor.role.name
        self.kept_events_queue_url = kept_events.url
        self.register_outputs(
            {output: getattr(self, output) for output in SilentScalperPipeline.__annotations__}
        )
