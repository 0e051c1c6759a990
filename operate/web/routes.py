"""The one table of what may be asked, for `scalper web` and for whatever else serves the page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..read.deployment import Deployment
from ..read.errors import OperateError, UnknownFileError
from . import deeds, figures_view, views
from .asked import Asked, Refused

View = Callable[[Deployment, Asked], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One question or one deed."""

    method: str
    path: str
    view: View
    calls: int
    """To AWS, at most, where nothing of `more` is."""
    size: str
    """What is read, at most."""
    more: str = ""
    """What takes further calls, in words."""
    acts: bool = False
    """True for what only those may do who may act."""


ROUTES = (
    Route("GET", "/api/me", views.me, 1, "4 KB"),
    Route("GET", "/api/overview", views.overview, 50, "8 MB; 400 bytes a file that waits"),
    Route("GET", "/api/waiting", views.waiting, 160, "64 MB; usually 100 KB", "usually 32"),
    Route(
        "GET", "/api/file", views.file, 20, "4 MB and what is kept",
        "1 for each ten kept events where an upload has no record",
    ),
    Route("GET", "/api/logs", views.logs, 20, "what the log has of it", "2 for each of its lines"),
    Route("GET", "/api/recent", views.recent, 42, "42 MB; usually 100 KB", "usually 4 to 12"),
    Route("GET", "/api/figures", figures_view.figures, 24, "48 KB a day, and the log since"),
    Route("GET", "/api/find", views.find, 4, "2 MB"),
    Route("POST", "/api/download", deeds.download, 3, "400 KB"),
    Route("POST", "/api/retry", deeds.retry, 5, "400 KB a file", "1 a file", acts=True),
    Route("POST", "/api/discard", deeds.discard, 5, "400 KB a file", "5 a file", acts=True),
)  # fmt: skip
_BY_NAME = {(route.method, route.path): route for route in ROUTES}


def answer(
    deployment: Callable[[], Deployment], method: str, path: str, asked: Asked
) -> tuple[int, dict[str, Any]]:
    """A status and what is told; an error is a sentence."""
    route = _BY_NAME.get((method, path))
    if route is None:
        known = any(path == it.path for it in ROUTES)
        return (405, _error("That is asked in another way.")) if known else (404, _error(_NOTHING))
    if route.acts and not asked.visitor.may_act:
        return 403, _error("You may look, but not act. Ask whoever runs this pipeline.")
    try:
        return 200, route.view(deployment(), asked)
    except Refused as refused:
        return refused.status, _error(str(refused))
    except UnknownFileError as error:
        return 404, _error(str(error))
    except OperateError as error:
        # It is about AWS or the deployment, not about who asked.
        return 502, _error(str(error))


_NOTHING = "There is nothing here."


def _error(message: str) -> dict[str, Any]:
    return {"error": message}
