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
    calls: str
    """How many calls to AWS it takes, at most."""
    acts: bool = False
    """True for what only those may do who may act."""


ROUTES = (
    Route("GET", "/api/me", views.me, "1"),
    Route("GET", "/api/overview", views.overview, "32 queries of 500 files, and 12"),
    Route("GET", "/api/waiting", views.waiting, "160 queries of 8 to 1,000 files; mostly 32 of 8"),
    Route("GET", "/api/file", views.file, "16, and what waits in the queue of kept events"),
    Route("GET", "/api/logs", views.logs, "1, and 1 for each line's stream"),
    Route("GET", "/api/recent", views.recent, "42; mostly 4"),
    Route("GET", "/api/figures", figures_view.figures, "the days' items, and the log since then"),
    Route("GET", "/api/find", views.find, "3"),
    Route("POST", "/api/download", deeds.download, "2"),
    Route("POST", "/api/retry", deeds.retry, "5, and 1 a file", acts=True),
    Route("POST", "/api/discard", deeds.discard, "5, and 5 a file", acts=True),
)
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
