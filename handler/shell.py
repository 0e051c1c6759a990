"""File names as arguments of a command that a person pastes into a shell."""

import shlex


def shell_word(text: str, *, ascii_only: bool = False) -> str:
    """`text` as an argument that bash, zsh and ksh hand over unchanged, whatever it holds.

    Goes after all options: a name that begins with `-` is preceded by the `--` that ends them.
    `ascii_only` is for mail, which may compose or decompose letters on its way. No shell can hand
    over a NUL, and text must not hold one.
    """
    # `$'…'` is how they write what cannot be seen.
    unseen = not text.isprintable() or (ascii_only and not text.isascii())
    if unseen:
        word = f"$'{''.join(_ansi_c(character, ascii_only) for character in text)}'"
    else:
        word = shlex.quote(text)
    return f"-- {word}" if text.startswith("-") else word


def _ansi_c(character: str, ascii_only: bool) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character.isprintable() and (character.isascii() or not ascii_only):
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
