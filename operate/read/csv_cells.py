"""Cells of a CSV file that a spreadsheet takes for text, whatever a stranger has written."""

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or strips before it looks. Source:
https://owasp.org/www-community/attacks/CSV_Injection"""


def cell(value: Any) -> Any:
    """A text that could be taken for a formula gets an apostrophe, and so does one that has one.

    So `=1+1` is written `'=1+1`, and what was there is known: take away one apostrophe.
    """
    if isinstance(value, str) and value.startswith((*FORMULA, "'")):
        return f"'{value}"
    return value
