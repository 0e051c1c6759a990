"""Which files are taken, decided from the event alone. Pure: no AWS, no clock."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .errors import Code, Rejection
from .event import Upload


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits a deployment sets; the defaults take every file that is not empty."""

    accepted_types: list[str] = field(default_factory=list)
    """Extensions in lower case without their first dot (`csv`, `tar.gz`); empty takes all."""
    min_size_bytes: int = 0
    max_size_bytes: int | None = None
    accept_empty: bool = False
    ignore_patterns: list[str] = field(default_factory=list)
    """Shell globs on the whole key; `*` also matches `/`."""

    def __post_init__(self) -> None:
        """Raise a `ValueError` for a value that no file could be held against."""
        for name in ("min_size_bytes", "max_size_bytes"):
            size = getattr(self, name)
            if name == "max_size_bytes" and size is None:
                continue
            if isinstance(size, bool) or not isinstance(size, int) or size < 0:
                raise ValueError(f"{name} must be a whole number of bytes (got {size!r})")
        for name in ("accepted_types", "ignore_patterns"):
            texts = getattr(self, name)
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                raise ValueError(f"{name} must be a list of texts (got {texts!r})")
        if not isinstance(self.accept_empty, bool):
            raise ValueError(f"accept_empty must be true or false (got {self.accept_empty!r})")

    def ignores(self, upload: Upload) -> bool:
        """True for what is not a file to take in: folder markers and ignored keys."""
        return upload.is_folder_marker or any(
            fnmatchcase(upload.key, pattern) for pattern in self.ignore_patterns
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
