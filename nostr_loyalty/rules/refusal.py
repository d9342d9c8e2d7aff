"""A rule's "no": a value, never an exception (docs/architecture.md, "Going wrong is designed").

The list is closed and in order of precedence: where two refusals fit, the one that stands first is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CODES: Final[Mapping[str, str]] = {
    "program-ended": "The program has ended; orders no longer earn points.",
    "program-paused": "The program is paused; orders earn nothing until it is resumed.",
    "amount-without-rule": "The program has no earning rule for the order's unit; add one, or report another unit.",
    "points-beyond-limit": "The order would earn more points than the ledger books at once.",
    "refund-other-unit": "The refund's unit is not the order's unit.",
    "refund-above-order": "All refunds of the order together would exceed what was paid.",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused request: `code` is a key of `CODES`, `detail` names the values that led to it (never a secret)."""

    code: str
    detail: str = ""

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code

    @property
    def sentence(self) -> str:
        """The refusal in words for the order system: the table's sentence and the detail."""
        return f"{CODES[self.code]} ({self.detail})" if self.detail else CODES[self.code]
