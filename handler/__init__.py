"""The code that runs in Lambda. What `process` may use is exported here."""

from .errors import Rejection
from .hook import File

__all__ = ["File", "Rejection"]
