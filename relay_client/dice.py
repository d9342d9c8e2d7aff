"""Chance is an argument of the pure modules: what they need of it. random.Random is one."""

from __future__ import annotations

from typing import Protocol


class Dice(Protocol):
    """A source of chance."""

    def uniform(self, a: float, b: float, /) -> float:
        """A number between a and b, evenly spread."""
