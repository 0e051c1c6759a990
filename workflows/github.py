"""GitHub's REST API, as far as the workflows need it.

Source: https://docs.github.com/en/rest
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors import WorkflowError

_A_PAGE = 100
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class GitHub:
    """One repository, with a job's token."""

    api: str
    repository: str
    token: str

    @classmethod
    def of_this_job(cls) -> "GitHub":
        """From the variables that a runner sets; the token must be given to the step."""
        try:
            return cls(
                os.environ["GITHUB_API_URL"],
                os.environ["GITHUB_REPOSITORY"],
                os.environ["GITHUB_TOKEN"],
            )
        except KeyError as missing:
            raise WorkflowError(f"{missing.args[0]} is not set; give it to the step") from None

    def get(self, path: str) -> Any:
        """The answer's JSON; None where there is nothing."""
        try:
            return self._ask("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise self._failed("GET", path, error) from error

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every entry of a list, however many pages it has."""
        page, joint = 1, "&" if "?" in path else "?"
        while True:
            entries = self.get(f"{path}{joint}per_page={_A_PAGE}&page={page}") or []
            yield from entries
            if len(entries) < _A_PAGE:
                return
            page += 1

    def send(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Make or change something."""
        try:
            self._ask(method, path, body)
        except urllib.error.HTTPError as error:
            raise self._failed(method, path, error) from error

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.api}/repos/{self.repository}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError:
            raise
        except OSError as error:
            raise WorkflowError(f"GitHub's API did not answer {method} {path}: {error}") from error

    def _failed(self, method: str, path: str, error: urllib.error.HTTPError) -> WorkflowError:
        said = error.read(500).decode(errors="replace")
        return WorkflowError(
            f"GitHub's API refused {method} {path}: {error.code} {said}; "
            "look at the permissions of the job"
        )
