"""A stranger's text on a terminal."""

from rich.text import Text

from handler.model.text import printable


def plain(text: str, style: str = "") -> Text:
    """As it is, without markup; what could move a cursor is made visible."""
    return Text(printable(text), style=style)
