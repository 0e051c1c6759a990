"""The arguments' names: as other languages spell them, and what a wrong one may have meant."""

import difflib
import re

from .settings import CHECKS


def camel_case(argument: str) -> str:
    """As other languages spell it."""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), argument)


def both_spellings(sentence: str) -> str:
    """Each argument also as other languages spell it, where it is mentioned first."""
    for argument in CHECKS:
        camel = camel_case(argument)
        if camel != argument:
            sentence = re.sub(rf"\b{argument}\b", f"{argument} ({camel})", sentence, count=1)
    return sentence


def suggestion(name: str) -> str:
    """What somebody meant who wrote `name`, or all that there is."""
    # A name spelled as other languages do is near its Python spelling.
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    near = difflib.get_close_matches(spelled, CHECKS, n=1)
    if near:
        return f"did you mean {both_spellings(near[0])}?"
    return f"the arguments are {', '.join(CHECKS)}"
