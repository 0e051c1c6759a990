"""One pipeline a stack: config, component, exports."""

from typing import Any

import pulumi

from components import SilentScalperPipeline

args: Any = pulumi.Config().get_object("pipeline", {})
pipeline = SilentScalperPipeline("intake", args)

pulumi.export("input_bucket", pipeline.input_bucket)
pulumi.export("quarantine_bucket", pipeline.quarantine_bucket)
pulumi.export("metadata_table", pipeline.metadata_table)
pulumi.export("alerts_topic_arn", pipeline.alerts_topic_arn)
pulumi.export("quiet_topic_arn", pipeline.quiet_topic_arn)
pulumi.export("processor_function", pipeline.processor_function)
pulumi.export("rescuer_function", pipeline.rescuer_function)
