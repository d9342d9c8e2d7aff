"""Plots as SVG, drawn by us: the libraries at hand bake their colours in or fetch a script, and three forms need none.

A drawing stands in a page that brings the colours as CSS classes (light and dark), has a title and a description for
those who hear it, and a note on each mark for those who point at it. Coordinates are whole tenths of a unit, so that
nothing is rounded twice and no float is needed. Texts are escaped here.
"""

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

WIDTH: Final = 4_800
HEIGHT: Final = 2_300
LEFT: Final = 560
RIGHT: Final = 60
TOP: Final = 120
BOTTOM: Final = 300
INTERVALS: Final = 4
LABELS_MAX: Final = 8
ROW: Final = 520


class Series(NamedTuple):
    """What one colour shows: `style` is a class of the page; one value for each label."""

    name: str
    style: str
    values: Sequence[int]


class Words(NamedTuple):
    """What a drawing is called and says; `name` is its id in the page."""

    name: str
    title: str
    description: str


def bars(words: Words, labels: Sequence[str], series: Sequence[Series]) -> str:
    """A bar for each label: what is above 0 is piled up from the line, what is below hangs from it."""
    high = max((sum(max(one.values[at], 0) for one in series) for at in range(len(labels))), default=0)
    low = min((sum(min(one.values[at], 0) for one in series) for at in range(len(labels))), default=0)
    scale = _Scale(low, high)
    marks = []
    for at, label in enumerate(labels):
        left, right = _slot(at, len(labels))
        gap = (right - left) // 6
        up = down = 0
        for one in series:
            value = one.values[at]
            if not value:
                continue
            start = up if value > 0 else down
            y, y2 = sorted((scale.y(start), scale.y(start + value)))
            up, down = (up + value, down) if value > 0 else (up, down + value)
            note = escape(f"{label}: {one.name} {abs(value):,}")
            marks.append(
                f'<rect class="{one.style}" x="{left + gap}" y="{y}" width="{max(right - left - 2 * gap, 10)}" '
                f'height="{max(y2 - y, 10)}"><title>{note}</title></rect>'
            )
    return _drawing(words, HEIGHT, [*scale.lines(), *marks, *_below(labels)])


def line(words: Words, labels: Sequence[str], series: Series) -> str:
    """The values one after another as a line, with the area under it; each point can be pointed at."""
    scale = _Scale(min([0, *series.values]), max([0, *series.values]))
    points = []
    marks = []
    for at, (label, value) in enumerate(zip(labels, series.values, strict=True)):
        left, right = _slot(at, len(labels))
        points.append(((left + right) // 2, scale.y(value)))
        note = escape(f"{label}: {series.name} {value:,}")
        marks.append(
            f'<rect class="touch" x="{left}" y="{TOP}" width="{right - left}" height="{HEIGHT - TOP - BOTTOM}">'
            f"<title>{note}</title></rect>"
        )
    drawn = []
    if points:
        (first, _), (last, end) = points[0], points[-1]
        path, zero = " ".join(f"{x},{y}" for x, y in points), scale.y(0)
        drawn = [
            f'<polygon class="{series.style} area" points="{first},{zero} {path} {last},{zero}"/>',
            f'<polyline class="{series.style} line" points="{path}"/>',
            f'<circle class="{series.style}" cx="{last}" cy="{end}" r="45"/>',
        ]
    return _drawing(words, HEIGHT, [*scale.lines(), *drawn, *_below(labels), *marks])


def ranks(words: Words, rows: Sequence[tuple[str, int]], style: str) -> str:
    """One lying bar for each row, with its label above it and its number at its end."""
    most = max([1, *(value for _, value in rows)])
    marks = []
    for at, (label, value) in enumerate(rows):
        y = at * ROW
        width = (WIDTH - 700) * value // most
        marks += [
            f'<text class="label" x="0" y="{y + 180}">{escape(label)}</text>',
            f'<rect class="{style}" x="0" y="{y + 230}" width="{max(width, 20)}" height="170" rx="40"/>',
            f'<text class="number" x="{max(width, 20) + 80}" y="{y + 365}">{value:,}</text>',
        ]
    return _drawing(words, max(ROW * len(rows), ROW), marks)


def step(span: int, intervals: int = INTERVALS) -> int:
    """The distance of round numbers (1, 2 or 5 with noughts) of which `intervals` cover the span; at least 1."""
    assert span >= 0, span
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power * intervals >= span:
                return digit * power
        power *= 10


def short(number: int) -> str:
    """A round number in few characters: 12,000 is 12k, 1,500,000 is 1.5M."""
    sign, size = "−" if number < 0 else "", abs(number)
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if size >= unit:
            whole, rest = divmod(size * 10 // unit, 10)
            return f"{sign}{whole:,}{f'.{rest}' if rest else ''}{letter}"
    return f"{sign}{size}"


class _Scale:
    """From values to heights: round numbers at the top and at the bottom."""

    def __init__(self, low: int, high: int) -> None:
        assert low <= 0 <= high, (low, high)
        self.step = step(max(high - low, 1))
        self.low = low // self.step * self.step
        self.high = -(-high // self.step) * self.step or (self.step if not self.low else 0)

    def y(self, value: int) -> int:
        """The height of a value, from above."""
        return TOP + (self.high - value) * (HEIGHT - TOP - BOTTOM) // (self.high - self.low)

    def lines(self) -> list[str]:
        """A thin line with its number at each step, and one that is seen at 0."""
        drawn = []
        for value in range(self.low, self.high + 1, self.step):
            y = self.y(value)
            style = "grid" if value else "zero"
            drawn.append(f'<line class="{style}" x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>')
            drawn.append(f'<text class="axis" x="{LEFT - 80}" y="{y + 45}" text-anchor="end">{short(value)}</text>')
        return drawn


def _slot(at: int, of: int) -> tuple[int, int]:
    """Where the place of a label begins and ends."""
    room = WIDTH - LEFT - RIGHT
    return LEFT + room * at // of, LEFT + room * (at + 1) // of


def _below(labels: Sequence[str]) -> list[str]:
    """The labels under the drawing, as many as can be read."""
    every = -(-len(labels) // LABELS_MAX)
    drawn = []
    for at, label in enumerate(labels):
        if at % every == 0:
            left, right = _slot(at, len(labels))
            x = (left + right) // 2
            drawn.append(
                f'<text class="axis" x="{x}" y="{HEIGHT - BOTTOM + 190}" text-anchor="middle">{escape(label)}</text>'
            )
    return drawn


def _drawing(words: Words, height: int, marks: Sequence[str]) -> str:
    title, text = f"{words.name}-title", f"{words.name}-text"
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{title} {text}">'
        f'<title id="{title}">{escape(words.title)}</title><desc id="{text}">{escape(words.description)}</desc>'
        f"{''.join(marks)}</svg>"
    )
