"""The programs in docs/recipes.md, each run on Pulumi's mocks as it is printed there."""

import json
import re
from collections.abc import Callable

import pytest

from tests.packaging.documents import Cloud, Document, cloud_arn, run_by
from tests.packaging.installed import ROOT

DOCUMENT = Document("recipes.md", heading="##")
Deployed = Callable[[str], Cloud]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    return lambda title: DOCUMENT.run(title, monkeypatch)


def test_every_program_in_the_document_is_run_here() -> None:
    assert run_by(__file__) == DOCUMENT.programs.keys()
    assert DOCUMENT.text.count("```python") == len(DOCUMENT.programs)


def test_a_partner_reaches_its_own_folder_of_the_input_bucket_alone(deployed: Deployed) -> None:
    cloud = deployed("Files come by SFTP")
    (mapping,) = cloud.of("User", "acme")["homeDirectoryMappings"]
    assert mapping == {"entry": "/", "target": "/intake-input/acme"}
    lists, writes = cloud.statements("RolePolicy", "partner-acme")
    assert lists["Resource"] == [cloud_arn("s3", "Bucket/intake-input")]
    assert lists["Condition"]["StringLikeIfExists"]["s3:prefix"] == ["acme", "acme/*"]
    assert writes["Resource"] == [cloud_arn("s3", "Bucket/intake-input/acme/*")]


def test_every_accepted_file_and_nothing_else_reaches_the_queue(deployed: Deployed) -> None:
    cloud = deployed("Accepted files go to a data lake")
    topics = {cloud_arn("sns", f"Topic/intake-{name}") for name in TOPICS}
    subscribed = [cloud.of("TopicSubscription", f"lake-{name}") for name in ("alerts", "quiet")]
    assert {it["topic"] for it in subscribed} == topics
    for it in subscribed:
        assert json.loads(it["filterPolicy"]) == {"status": ["PROCESSED"]}
        assert it["rawMessageDelivery"] is True
    (statement,) = cloud.statements("QueuePolicy", "lake")
    assert set(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == topics


TOPICS = ("ScalperAlerts", "ScalperQuietOutcomes")


@pytest.mark.parametrize("document", ["recipes.md", "faq.md"])
def test_every_link_leads_somewhere(document: str) -> None:
    text = (ROOT / "docs" / document).read_text()
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert targets
    for target in targets:
        assert (ROOT / "docs" / target).exists(), target
