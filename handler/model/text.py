"""Strangers' text made harmless, for people to read and for shells to be given."""

import shlex

UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
"""Letters and marks by category, of which nothing is seen: fillers and variation selectors (what
`isprintable` lets pass of Unicode's Default_Ignorable_Code_Point), and the empty Braille."""


def shell_word(text: str, *, ascii_only: bool = False) -> str:
    """`text` as an argument that bash, zsh and ksh hand over unchanged, whatever it holds.

    Goes after all options: a name that begins with `-` is preceded by the `--` that ends them.
    `ascii_only` is for mail, which may compose or decompose letters on its way. No shell can hand
    over a NUL, and text must not hold one.
    """
    # `$'…'` is how they write what cannot be seen.
    hidden = not text.isprintable() or not UNSEEN.isdisjoint(text)
    unseen = hidden or (ascii_only and not text.isascii())
    if unseen:
        word = f"$'{''.join(_ansi_c(character, ascii_only) for character in text)}'"
    else:
        word = shlex.quote(text)
    return f"-- {word}" if text.startswith("-") else word


def _ansi_c(character: str, ascii_only: bool) -> str:
    if character in "'\\":
        return f"\\{character}"
    seen = character.isprintable() and character not in UNSEEN
    if seen and (character.isascii() or not ascii_only):
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def printable(text: str) -> str:
    """Make all that could move a cursor, start a line, turn text round or hide in it visible."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c
        if c.isprintable() and c not in UNSEEN
        else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )


def readable_size(size_bytes: int) -> str:
    """As people say it: 1.5 MB is 1,500,000 bytes."""
    size = float(size_bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size_bytes} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
