"""What a registry shows of the package, and how its SDKs are named in every language.

Source: https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
"""

from typing import Any

REPOSITORY = "https://github.com/you/silent-scalper"
"""Where this repository is published; the only place in the code that says so."""

NAME = "silent-scalper"

NAMESPACE = "silent-scalper"
"""Else an SDK is called `@pulumi/…` from a folder, and after its owner from a git repository."""


def metadata(version: str) -> dict[str, Any]:
    """What the inferred schema lacks; the logo is that of the released version."""
    raw = REPOSITORY.replace("https://github.com/", "https://raw.githubusercontent.com/")
    return {
        "displayName": "Silent Scalper",
        "description": "Gives every file uploaded to an S3 bucket a known fate.",
        "keywords": ["aws", "s3", "upload", "quarantine", "category/cloud", "kind/component"],
        "homepage": REPOSITORY,
        "repository": REPOSITORY,
        "license": "Apache-2.0",
        "publisher": "Silent Scalper",
        "namespace": NAMESPACE,
        "logoUrl": f"{raw}/v{version}/components/logo.svg",
        "pluginDownloadURL": f"git://{REPOSITORY.removeprefix('https://')}/components",
    }
