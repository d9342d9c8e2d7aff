"""A figure, what it should be, and the table that is printed. A figure that could not be taken says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be: at least `bound`, or at most it."""

    bound: float
    at_most: bool = False

    def met_by(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value <= self.bound if self.at_most else value >= self.bound

    def text(self, unit: str) -> str:
        """As it stands in the table."""
        return f"{'≤' if self.at_most else '≥'} {spelled(self.bound)} {unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `name` begins with the letter of the measurement; ratios make sense where `is_rate`."""

    name: str
    value: float
    unit: str
    target: Target | None = None
    is_rate: bool = False
    note: str = ""


@dataclass(slots=True)
class Report:
    """All figures of a run, in the order in which they were taken."""

    figures: list[Figure] = field(default_factory=list)
    floor: float | None = None
    bots: dict[str, float] = field(default_factory=dict)

    def add(self, figure: Figure) -> None:
        """Take a figure in and print it at once: a bench that is ended early has still said something."""
        self.figures.append(figure)
        note = f"   ({figure.note})" if figure.note else ""
        print(f"  {figure.name}: {spelled(figure.value)} {figure.unit}{note}", flush=True)

    def show(self) -> None:
        """Print the table."""
        table = Table(box=box.SIMPLE_HEAD, title="nostr-loyalty bench", title_justify="left")
        table.add_column("figure")
        for heading in ("value", "of the floor", *(f"× {bot}" for bot in self.bots), "target", ""):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("note")
        for figure in self.figures:
            table.add_row(*self._row(figure))
        Console(width=170).print(table)

    def _row(self, figure: Figure) -> Sequence[str]:
        of_floor = f"{figure.value / self.floor:.2f}" if figure.is_rate and self.floor else ""
        of_bots = [f"{figure.value / rate:.1f}" if figure.is_rate and rate else "" for rate in self.bots.values()]
        target, met = "", ""
        if figure.target is not None:
            target = figure.target.text(figure.unit)
            met = "met" if figure.target.met_by(figure.value) else "NOT MET"
        return (figure.name, f"{spelled(figure.value)} {figure.unit}", of_floor, *of_bots, target, met, figure.note)


def spelled(value: float) -> str:
    """A number with as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
