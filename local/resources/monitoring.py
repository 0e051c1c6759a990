"""Log groups and alarms."""

from ..errors import UnsupportedError
from .base import Inputs, Parameters, Resource, State, present, reasons

NOT_RAISED = "the emulator makes none of the metrics watched, so no alarm goes off by itself"


class LogGroup(Resource):
    token = "aws:cloudwatch/logGroup:LogGroup"
    without_effect = reasons(
        retentionInDays="kept; the emulator does not live that long",
        skipDestroy="nothing is destroyed alone",
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        group = present(
            logGroupName=inputs.name(),
            kmsKeyId=inputs.take("kmsKeyId"),
            logGroupClass=inputs.take("logGroupClass"),
            tags=inputs.tags() or None,
        )
        return {"group": group, "retention": inputs.take("retentionInDays")}

    def create(self, parameters: Parameters) -> State:
        logs, name = self.cloud.logs, parameters["group"]["logGroupName"]
        logs.create_log_group(**parameters["group"])
        # 0 is the provider's word for "for ever".
        if retention := parameters["retention"]:
            logs.put_retention_policy(logGroupName=name, retentionInDays=retention)
        groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        # The provider's ARN ends at the name, the service's in ":*".
        arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
        return State(name, {"name": name, "arn": arn.removesuffix(":*")})


class MetricAlarm(Resource):
    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    without_effect = reasons(treatMissingData=NOT_RAISED, threshold=NOT_RAISED)

    def parameters(self, inputs: Inputs) -> Parameters:
        if inputs.take("metricQueries"):
            raise UnsupportedError(
                f"{inputs.logical_name}: metricQueries are not translated; name one metric."
            )
        dimensions = inputs.take("dimensions") or {}
        return present(
            AlarmName=inputs.name(),
            AlarmDescription=inputs.take("alarmDescription"),
            ActionsEnabled=inputs.take("actionsEnabled"),
            AlarmActions=inputs.take("alarmActions"),
            OKActions=inputs.take("okActions"),
            InsufficientDataActions=inputs.take("insufficientDataActions"),
            Namespace=inputs.require("namespace"),
            MetricName=inputs.require("metricName"),
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            Statistic=inputs.take("statistic"),
            ExtendedStatistic=inputs.take("extendedStatistic"),
            Period=inputs.take("period"),
            Unit=inputs.take("unit"),
            EvaluationPeriods=inputs.require("evaluationPeriods"),
            DatapointsToAlarm=inputs.take("datapointsToAlarm"),
            ComparisonOperator=inputs.require("comparisonOperator"),
            Threshold=inputs.take("threshold"),
            TreatMissingData=inputs.take("treatMissingData"),
            Tags=inputs.tag_list() or None,
        )

    def create(self, parameters: Parameters) -> State:
        cloudwatch, name = self.cloud.cloudwatch, parameters["AlarmName"]
        cloudwatch.put_metric_alarm(**parameters)
        alarms = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return State(name, {"name": name, "arn": alarms[0]["AlarmArn"]})


TYPES: tuple[type[Resource], ...] = (LogGroup, MetricAlarm)
