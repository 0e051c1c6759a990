"""Which files are taken, decided from the event alone. Pure: no AWS, no clock."""

import json
from fnmatch import fnmatchcase

from silent_scalper_arguments.declaration import checks_of, cleaned
from silent_scalper_arguments.rules import RuleSettings

from .errors import Code, Rejection
from .event import Upload


class Rules(RuleSettings):
    """What the declared limits mean for a file."""

    __slots__ = ()

    @classmethod
    def read(cls, text: str) -> "Rules":
        """From JSON. Raise a `ValueError` for what no file could be held against, by name."""
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError("not a map of rules")
        values, wrong = cleaned(checks_of(cls), given)
        if wrong:
            told = [sentence for name, error in wrong.items() for sentence in error.about(name)]
            raise ValueError("; ".join(told))
        return cls(**values)

    def ignores(self, upload: Upload) -> bool:
        """True for what is not a file to take in: markers of tools, and ignored keys."""
        return (
            upload.is_marker
            or (self.ignore_empty and upload.size_bytes == 0)
            or any(fnmatchcase(upload.key, pattern) for pattern in self.ignore_patterns)
        )

    def check(self, upload: Upload) -> None:
        """Raise a `Rejection` that says which limit the file breaks and what it was."""
        name = upload.file_name.lower()
        if self.accepted_types and not any(name.endswith(f".{t}") for t in self.accepted_types):
            raise Rejection(
                Code.WRONG_TYPE,
                f"Files of type '{upload.file_type}' are not accepted here. "
                f"Accepted: {', '.join(self.accepted_types)}.",
            )
        size = upload.size_bytes
        if size == 0 and not self.accept_empty:
            raise Rejection(Code.EMPTY_FILE, "The file is empty (0 bytes).")
        if 0 < size < self.min_size_bytes:
            raise Rejection(
                Code.TOO_SMALL,
                f"The file has {size:,} bytes; at least {self.min_size_bytes:,} are required.",
            )
        if self.max_size_bytes is not None and size > self.max_size_bytes:
            raise Rejection(
                Code.TOO_LARGE,
                f"The file has {size:,} bytes; at most {self.max_size_bytes:,} are accepted.",
            )
