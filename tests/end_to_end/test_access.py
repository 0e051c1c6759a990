"""The roles may do what the code does, and the code can do nothing that they may not.

A deployment of its own, on an emulator that evaluates policies and speaks TLS. It is not
AWS: what it does not know of IAM is not proven here.
"""

import shutil
from collections.abc import Iterator

import pytest

from local.deployment import deployed

from .conftest import Pipeline

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="TLS needs openssl here")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with deployed(retry_seconds=0.2, enforces_access=True) as running:
        yield Pipeline(running, tmp_path_factory.mktemp("guarded"))


def test_every_fate_is_reached_with_the_permissions_of_the_roles(guarded: Pipeline) -> None:
    uploads = [
        guarded.drop("accepted.csv"),
        guarded.drop("refused.exe", b"MZ", "QUARANTINED", "WRONG_TYPE"),
        guarded.drop("crash-demo.csv", b"a\n", "HELD", "FUNCTION_DIED"),
    ]
    for fate in guarded.fates_of(uploads):
        assert guarded.problems_of(fate) == []


def test_a_processor_without_its_permissions_gets_its_file_held(guarded: Pipeline) -> None:
    iam, functions = guarded.cloud.iam, guarded.cloud.lambda_
    name = guarded.deployment.outputs["processor_function"]
    role = functions.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if not policy.startswith("intake-processor-failures"):  # the way to the rescuer
            iam.delete_role_policy(RoleName=role, PolicyName=policy)
    fate = guarded.fate_of(guarded.drop("forbidden.csv", fate="HELD", reason_code="AWS_ERROR"))
    assert guarded.problems_of(fate) == []
