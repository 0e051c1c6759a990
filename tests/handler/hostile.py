"""What somebody who may upload anything, or call the functions with anything, would send."""

from typing import Any

from hypothesis import strategies as st

NAMES = [
    # A spreadsheet that somebody makes of names runs these.
    "=cmd|'/C calc'!A0.csv",
    "+1+1.csv",
    "-2+3.csv",
    "@SUM(1,1).csv",
    # A header, or a body, of the e-mail.
    "a\nSubject: You won\n\nClick here.csv",
    "a\r\nBcc: everybody@example.com.csv",
    # A terminal: colours, a cleared screen, a link, a title; text that runs backwards or hides.
    "\x1b[2J\x1b[31mred.csv",
    "\x1b]8;;https://example.com\x07link\x1b]8;;\x07.csv",
    "\x9b31mred.csv",
    "invoice\u202efdp.exe",
    "\u2066hidden\u2069.csv",
    "zero\u200bwidth\u3164filler\ufe0f.csv",
    "next\u0085line\u2028and\u2029paragraph.csv",
    "bell\x07 nul\x00 delete\x7f.csv",
    "tab\there",
    # Rich's markup and its emoji, and what formats text.
    "[red]x[/red][link=https://example.com]y[/link][/].csv",
    ":smiley:.csv",
    "%s {0} {status}.csv",
    "ends in a backslash.csv\\",
    # A line of the log, a metric, a member of the JSON.
    '{"_aws": {"CloudWatchMetrics": []}, "status": "FORGED"}.csv',
    'x\n{"_aws":{"CloudWatchMetrics":[{"Namespace":"Forged"}]},"status":"FORGED"}\n.csv',
    'x", "status": "FORGED", "y": "',
    # A shell. Some are run in one, where a broken quoting makes commands of them: all harmless.
    "'; echo injected #.csv",
    "$(echo injected)`echo injected`${PATH}!!.csv",
    "back\\slash\\x41 \\n.csv",
    "\"quoted\" 'twice'.csv",
    "-rf",
    "--no-sign-request",
    "file:///etc/passwd",
    "fileb://secret",
    "@file",
    # The Scheduler fills these in.
    "<aws.scheduler.execution-id>.csv",
    # Only unusual.
    "東京 🎬 é.csv",
    "Z͑ͫ̓a͑l͟g͢o.csv",
    " ",
    "*",
    "~",
]

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1_024).filter(
    lambda key: len(key.encode()) <= 1_024
)
"""Whatever S3 takes for a key: 1 to 1,024 bytes of UTF-8."""

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(), max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
"""Whatever Python's `json` reads: also Infinity, NaN and lone surrogates."""


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any]) -> Any:
    """`document` with up to three of its parts, at any depth, replaced, removed or doubled."""
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(document))
        if not places:
            break
        parent, name = draw(st.sampled_from(places))
        change = draw(st.sampled_from(["replace", "remove", "double"]))
        if change == "replace":
            parent[name] = draw(JSON)
        elif change == "double" and isinstance(parent, list):
            parent.append(parent[name])
        else:
            del parent[name]
    return document


def _places(document: Any) -> list[tuple[Any, Any]]:
    if isinstance(document, dict):
        here: list[tuple[Any, Any]] = [(document, name) for name in document]
    elif isinstance(document, list):
        here = [(document, at) for at in range(len(document))]
    else:
        return []
    return here + [place for parent, name in here for place in _places(parent[name])]
