"""Log groups, alarms, dashboards and saved queries."""

import uuid
from collections.abc import Mapping
from typing import Any

from ..errors import CreationError, UnsupportedError
from .base import Inputs, Parameters, Resource, State, as_dict, gone, present, reasons, tag_changes

NOT_RAISED = "the emulator makes none of the metrics watched, so no alarm goes off by itself"


class LogGroup(Resource):
    token = "aws:cloudwatch/logGroup:LogGroup"
    named_by = "name"
    computed = ("arn",)
    without_effect = reasons(
        retentionInDays="kept; the emulator does not live that long",
        skipDestroy="says only how to delete",
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
        return self._state(name)

    def update(self, id: str, parameters: Parameters) -> State:
        logs = self.cloud.logs
        if retention := parameters["retention"]:
            logs.put_retention_policy(logGroupName=id, retentionInDays=retention)
        else:
            logs.delete_retention_policy(logGroupName=id)
        if key := parameters["group"].get("kmsKeyId"):
            logs.associate_kms_key(logGroupName=id, kmsKeyId=key)
        elif self._described(id).get("kmsKeyId"):
            logs.disassociate_kms_key(logGroupName=id)
        state = self._state(id)
        old = logs.list_tags_for_resource(resourceArn=state.outputs["arn"])["tags"]
        new, dropped = tag_changes(old, parameters["group"].get("tags", {}))
        if dropped:
            logs.untag_resource(resourceArn=state.outputs["arn"], tagKeys=dropped)
        if new:
            logs.tag_resource(resourceArn=state.outputs["arn"], tags=new)
        return state

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.logs.delete_log_group(logGroupName=id)

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"retentionInDays": self._described(id).get("retentionInDays", 0)}

    def _state(self, name: str) -> State:
        # The provider's ARN ends at the name, the service's in ":*".
        return State(name, {"name": name, "arn": self._described(name)["arn"].removesuffix(":*")})

    def _described(self, name: str) -> Mapping[str, Any]:
        groups = self.cloud.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        for group in groups:
            if group["logGroupName"] == name:
                return group
        raise gone("DescribeLogGroups", name)


class MetricAlarm(Resource):
    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    named_by = "name"
    computed = ("arn",)
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
        return State(name, {"name": name, "arn": self._described(name)["AlarmArn"]})

    def update(self, id: str, parameters: Parameters) -> State:
        # Putting an alarm that exists leaves its tags alone.
        state, cloudwatch = self.create(parameters), self.cloud.cloudwatch
        arn = state.outputs["arn"]
        old = as_dict(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"])
        _, dropped = tag_changes(old, as_dict(parameters.get("Tags", [])))
        if dropped:
            cloudwatch.untag_resource(ResourceARN=arn, TagKeys=dropped)
        cloudwatch.tag_resource(ResourceARN=arn, Tags=parameters.get("Tags", []))
        return state

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.cloudwatch.delete_alarms(AlarmNames=[id])

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self._described(id)
        return {}

    def _described(self, name: str) -> Mapping[str, Any]:
        for alarm in self.cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
            return alarm
        raise gone("DescribeAlarms", name)


class Dashboard(Resource):
    """The emulator keeps a dashboard and draws nothing."""

    token = "aws:cloudwatch/dashboard:Dashboard"
    computed = ("dashboardArn",)

    def parameters(self, inputs: Inputs) -> Parameters:
        return {
            "DashboardName": inputs.require("dashboardName"),
            "DashboardBody": inputs.require("dashboardBody"),
        }

    def create(self, parameters: Parameters) -> State:
        cloudwatch, name = self.cloud.cloudwatch, parameters["DashboardName"]
        if wrong := cloudwatch.put_dashboard(**parameters).get("DashboardValidationMessages"):
            raise CreationError(f"{name}: {wrong}")
        made = cloudwatch.get_dashboard(DashboardName=name)
        return State(name, {"dashboardArn": made["DashboardArn"]})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        self.cloud.cloudwatch.delete_dashboards(DashboardNames=[id])

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        made = self.cloud.cloudwatch.get_dashboard(DashboardName=id)
        return {"dashboardBody": made["DashboardBody"]}


class QueryDefinition(Resource):
    """A saved query is only text: the emulator has no place for it, and nothing here misses it."""

    token = "aws:cloudwatch/queryDefinition:QueryDefinition"
    named_by = "name"
    computed = ("queryDefinitionId",)
    exists_here = False
    without_effect = reasons(
        queryString="the emulator saves no queries", logGroupNames="the emulator saves no queries"
    )

    def parameters(self, inputs: Inputs) -> Parameters:
        return {"name": inputs.name()}

    def create(self, parameters: Parameters) -> State:
        # As AWS has it: by this id it is known, not by its name.
        made = str(uuid.uuid4())
        return State(made, {"queryDefinitionId": made, "name": parameters["name"]})

    def update(self, id: str, parameters: Parameters) -> State:
        return State(id, {"queryDefinitionId": id, "name": parameters["name"]})

    def delete(self, id: str, inputs: Mapping[str, Any]) -> None:
        """Nothing was made."""

    def live(self, id: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}


TYPES: tuple[type[Resource], ...] = (LogGroup, MetricAlarm, Dashboard, QueryDefinition)
