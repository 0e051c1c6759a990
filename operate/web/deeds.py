"""What the page does to files: each named one by one, as it was seen, never by a filter."""

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from handler.model.item import Item

from ..act.actions import Act, Done, discarding, retrying
from ..act.download import local_path, place_of
from ..act.pace import Pace
from ..read.deployment import Deployment
from ..read.errors import told_plainly
from ..read.files import read
from ..read.story import upload_of
from .asked import Asked, Named, Refused

PER_SECOND = 20.0
"""As `scalper release`."""
LINK_SECONDS = 60
"""A link to a file is good for so long: whoever sees it may use it."""


def retry(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """Try files again, as `scalper retry`."""
    dry_run = asked.dry_run()
    act = retrying(deployment, dry_run=dry_run)
    return _each(deployment, asked.files(), act, paced=not dry_run)


def discard(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """Throw files away, as `scalper discard`."""
    dry_run = asked.dry_run()
    act = discarding(deployment, dry_run=dry_run)
    return _each(deployment, asked.files(), act, paced=not dry_run)


def download(deployment: Deployment, asked: Asked) -> dict[str, Any]:
    """A link that saves the file, good for a minute. It is never shown in the browser."""
    named = asked.named()
    item = upload_of(deployment, named.key, named.upload_id)
    bucket, version_id = place_of(deployment, item)
    name = local_path(item["object_key"]).name
    request = {
        "Bucket": bucket,
        "Key": item["object_key"],
        **({"VersionId": version_id} if version_id else {}),
        "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "ResponseContentType": "application/octet-stream",
    }
    with told_plainly(f"make a link to a file in the bucket {bucket}"):
        url = deployment.clients.s3.generate_presigned_url(
            "get_object", Params=request, ExpiresIn=LINK_SECONDS
        )
    return {"url": url, "name": name, "seconds": LINK_SECONDS}


def _each(deployment: Deployment, files: list[Named], act: Act, *, paced: bool) -> dict[str, Any]:
    """One after the other, in the order in which they were named."""
    if len({(file.key, file.upload_id) for file in files}) < len(files):
        raise Refused(400, "A file is named twice.")
    pace = Pace(PER_SECOND)
    items = {
        (item["object_key"], item["upload_id"]): item
        for item in read(deployment, ((file.key, file.upload_id) for file in files))
    }
    done = []
    for file in files:
        item = items.get((file.key, file.upload_id))
        if item is None:
            done.append(Done(file.key, file.upload_id, False, "has no record any more"))
        elif file.since is not None and _since(item) != file.since:
            done.append(Done.to(item, f"{_now(item)} since you looked: look again", ok=False))
        else:
            if paced:
                pace.wait()
            done.append(act(item))
    return {"files": [asdict(it) for it in done]}


def _since(item: Item) -> str:
    return str(item.get("attention_at", "")).partition("#")[2]


def _now(item: Item) -> str:
    return "has changed" if "attention_at" in item else f"has become {item['status']}"
