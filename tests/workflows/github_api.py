"""As much of GitHub's REST API as the workflows call, on loopback, with what was sent to it."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BOT = {"login": "github-actions[bot]"}
REPOSITORY = "you/files"
TOKEN = "the-token-of-the-job"


@dataclass
class Repository:
    """What the API shows of one repository; an issue and a pull request count alike."""

    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branch_policies: dict[str, list[str]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    api: str = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The JSON of an answer; None is 404."""
        place, query = urlsplit(path), parse_qs(urlsplit(path).query)
        parts = unquote(place.path).removeprefix(f"/repos/{REPOSITORY}/").split("/")
        match method, parts:
            case "GET", ["environments", name]:
                return self.environments.get(name)
            case "GET", ["environments", name, "deployment-branch-policies"]:
                return {"branch_policies": [{"name": it} for it in self.branch_policies[name]]}
            case "GET", ["issues"]:
                return _page([it for it in self.issues if it["state"] == "open"], query)
            case "POST", ["issues"]:
                number = len(self.issues) + 1
                self.issues.append({**body, "number": number, "state": "open", "user": BOT})
                return self.issues[-1]
            case "PATCH", ["issues", number] if number != "comments":
                self.issues[int(number) - 1].update(body)
                return self.issues[int(number) - 1]
            case "GET", ["issues", number, "comments"]:
                return _page(self.comments.get(int(number), []), query)
            case "POST", ["issues", number, "comments"]:
                comments = self.comments.setdefault(int(number), [])
                comments.append({**body, "id": 1000 + len(comments), "user": BOT})
                return comments[-1]
            case "PATCH", ["issues", "comments", number]:
                every = (one for comments in self.comments.values() for one in comments)
                found: dict[str, Any] = next(one for one in every if one["id"] == int(number))
                return found.update(body) or found
        return None


@contextmanager
def serving() -> Iterator[Repository]:
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            answer = repository.answer(self.command, self.path, body) if known else None
            self.send_response(401 if not known else 404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - named by the standard library

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    repository.api = f"http://127.0.0.1:{server.server_port}"
    try:
        yield repository
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def protected(*, reviewers: bool = True, branches: str | None = "custom") -> dict[str, Any]:
    """An environment as the API shows it."""
    rules: list[dict[str, Any]] = [{"id": 1, "type": "branch_policy"}]
    if reviewers:
        reviewer = {"type": "User", "reviewer": {"login": "you"}}
        rules.append({"id": 2, "type": "required_reviewers", "reviewers": [reviewer]})
    policy = {
        "protected_branches": branches == "protected",
        "custom_branch_policies": branches == "custom",
    }
    return {"protection_rules": rules, "deployment_branch_policy": policy if branches else None}


def _page(entries: list[Any], query: dict[str, list[str]]) -> list[Any]:
    size, page = int(query["per_page"][0]), int(query["page"][0])
    return entries[size * (page - 1) : size * page]


def text_of(body: str) -> str:
    """What stands in the fenced block of a comment."""
    found = re.search(r"^(`{3,})\n(.*?)\n\1$", body, re.MULTILINE | re.DOTALL)
    return found[2] if found else ""
