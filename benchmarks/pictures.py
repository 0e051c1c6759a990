"""Bars and curves as SVG: text and lines, the same bytes for the same figures."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH = 720
COLORS = ("#0b6bcb", "#8a949e", "#c2571a")
_STYLE = (
    "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.s{font-size:12px;fill:#57606a}"
    ".t{font-size:14px;font-weight:600}</style>"
)

Points = Sequence[tuple[float, float]]


def bars(groups: Mapping[str, Mapping[str, tuple[float, str]]]) -> str:
    """Groups of bars: each group by its title, each bar by its name, with a length and a label.

    Lengths are parts of the longest bar of the group.
    """
    parts, y = [], 8
    colors: dict[str, str] = {}
    for title, group in groups.items():
        parts.append(_text(16, y + 16, title, "t"))
        y += 26
        longest = max(length for length, _ in group.values())
        for name, (length, label) in group.items():
            color = colors.setdefault(name, COLORS[len(colors) % len(COLORS)])
            width = 380 * length / longest
            parts.append(_text(16, y + 14, name))
            parts.append(
                f'<rect x="150" y="{y + 2}" width="{width:.1f}" height="15" rx="2" fill="{color}"/>'
            )
            parts.append(_text(158 + width, y + 14, label, "s"))
            y += 22
        y += 10
    return _svg(y, parts)


def curves(title: str, x_title: str, y_title: str, lines: Mapping[str, Points]) -> str:
    """Lines on two logarithmic scales; what is linear rises by one decade a decade."""
    left, top, width, height = 70, 40, 500, 300
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    x_low, x_high = _decades(xs)
    y_low, y_high = _decades(ys)

    def across(x: float) -> float:
        return left + width * (math.log10(x) - x_low) / (x_high - x_low)

    def down(y: float) -> float:
        return top + height * (1 - (math.log10(y) - y_low) / (y_high - y_low))

    parts = [_text(16, 22, title, "t")]
    for decade in range(x_low, x_high + 1):
        x = across(10**decade)
        parts.append(_line(x, top, x, top + height))
        parts.append(_text(x, top + height + 18, _number(10**decade), "s", "middle"))
    for decade in range(y_low, y_high + 1):
        y = down(10**decade)
        parts.append(_line(left, y, left + width, y))
        parts.append(_text(left - 8, y + 4, _number(10**decade), "s", "end"))
    parts.append(_text(left + width / 2, top + height + 38, x_title, "s", "middle"))
    parts.append(_text(left, top - 6, y_title, "s"))
    # Names that would lie upon each other move down.
    lowest = float("-inf")
    for at, (name, points) in enumerate(sorted(lines.items(), key=lambda line: -line[1][-1][1])):
        color = COLORS[at % len(COLORS)]
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="3" fill="{color}"/>'
            for x, y in points
        ]
        lowest = max(down(points[-1][1]) + 4, lowest + 16)
        parts.append(_text(left + width + 10, lowest, name, "s"))
    return _svg(top + height + 52, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'width="{WIDTH}" height="{height:.0f}">',
            _STYLE,
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d8dee4"/>'


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
