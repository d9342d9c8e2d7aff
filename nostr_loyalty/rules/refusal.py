"""A rule's "no": a value, never an exception (docs/architecture.md, "Going wrong is designed").

The list is closed and in order of precedence: where two refusals fit, the one that stands first is given. Each sentence
is said to the person or the order system that asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

CODES: Final[Mapping[str, str]] = {
    "program-ended": "The program has ended; orders no longer earn points.",
    "program-paused": "The program is paused; orders earn nothing until it is resumed.",
    "amount-without-rule": "The program has no earning rule for the order's unit; add one, or report another unit.",
    "points-beyond-limit": "These are more points than the ledger books at once.",
    "refund-other-unit": "The refund's unit is not the order's unit.",
    "refund-above-order": "All refunds of the order together would exceed what was paid.",
    "command-not-allowed": "This command is for the operators of the program only.",
    "role-not-allowed": "Your role does not allow this command.",
    "command-too-old": "The message was sent too long ago to be acted on; send it again if it is still meant.",
    "command-from-the-future": "The message is dated in the future; set the sending device's clock and send it again.",
    "too-many-letters": "You have written a great deal in a short time; nothing was done about your last message.",
    "customer-unknown": "The program has no card of this customer.",
    "customer-frozen": "This card is frozen; ask the venue.",
    "points-not-positive": "The number of points must be 1 or more.",
    "hand-limit-count": "You have reached the number of grants, revocations and rewards for guests that one operator"
    " may make in a day.",
    "hand-limit-points": "This would be more points than one operator may grant, revoke and redeem for guests in"
    " a day.",
    "end-in-the-past": "The points would have run out before they were given; name a later end, or none.",
    "entry-unknown": "The program has no such entry.",
    "entry-not-reversible": "An entry of this type cannot be taken back.",
    "entry-reversed-before": "The entry has been taken back before; nothing of it is left.",
    "order-unknown": "The program has no such order.",
    "order-ambiguous": "Several order systems have reported an order with this id; name the order system too.",
    "order-not-held": "The points of this order are not held back.",
    "reward-unknown": "The program has no such reward.",
    "reward-not-yet": "This reward is not to be had yet.",
    "reward-no-longer": "This reward is no longer to be had.",
    "reward-needs-tier": "This reward is for a higher tier.",
    "reward-sold-out": "This reward is sold out.",
    "reward-limit-reached": "You have had this reward as often as one customer may.",
    "points-missing": "There are not enough points for this reward.",
    "points-none-to-take": "The customer has no points that could be taken.",
    "voucher-unknown": "There is no voucher with this code.",
    "voucher-used": "The voucher has been used.",
    "voucher-cancelled": "The voucher was cancelled, and its points were given back.",
    "voucher-expired": "The voucher was not used in time, and its points were given back.",
    "voucher-of-another": "The voucher belongs to another customer.",
    "bill-other-unit": "The bill's unit is not the unit of the voucher's discount.",
    "claim-too-many-attempts": "There were too many wrong codes; try again in an hour.",
    "claim-unknown": "There is no receipt with this code; compare it with the receipt, letter by letter.",
    "claim-used": "The points of this receipt have been claimed before.",
    "claim-expired": "The code of this receipt was good for a limited time, which is over.",
    "claim-withdrawn": "The order of this receipt was refunded or cancelled.",
    "feedback-no-order": "There is no order of yours that the feedback could be about.",
    "feedback-given": "You have given feedback on this order before.",
    "referral-off": "The program gives no points for bringing friends.",
    "referral-self": "Nobody can bring themselves.",
    "referral-cycle": "This friend brought you, or brought somebody who did.",
    "referral-not-new": "This friend has ordered before; only somebody new can be brought.",
    "referral-known": "This friend was brought by somebody before.",
    "referral-cap": "You have brought as many friends as one customer may.",
    "relink-same": "The old key and the new key are the same.",
    "relink-done": "The old key was replaced by another one before.",
    "command-failed": "The command met a mistake of ours; nothing was done, and the log has the details.",
    "undo-nothing": "There is no command of yours that could be undone.",
    "undo-too-late": "Your last command was too long ago to be undone.",
    "undo-impossible": "Your last command can no longer be undone, because of what has happened since.",
}


class Points(int):
    """A number of points in a detail; whoever tells it to people puts the program's own word for them in."""

    def __format__(self, spec: str) -> str:
        return f"{int(self)} {'point' if self == 1 else 'points'}"


class Day(int):
    """A local day in a detail, by the ordinal of its date; whoever tells it to people puts it in words."""

    def __format__(self, spec: str) -> str:
        return date.fromordinal(int(self)).isoformat()


class Verbs(str):
    """Commands in a detail, with commas between; whoever tells them to people says them in the reader's language."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused request: `code` is a key of `CODES`, `detail` names the values that led to it (never a secret).

    A detail that is words has the `template` that it was made from, and its `values`, so that it can be told in another
    language; two refusals are the same without them.
    """

    code: str
    detail: str = ""
    template: str = field(default="", compare=False)
    values: tuple[tuple[str, int | str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        assert self.code in CODES, self.code

    @classmethod
    def saying(cls, code: str, template: str, **values: int | str) -> "Refusal":
        """A refusal with a detail in words: `template` is English, with the values' names in braces."""
        return cls(code, template.format(**values), template, tuple(values.items()))

    @property
    def sentence(self) -> str:
        """The refusal in words for whoever asked: the table's sentence and the detail."""
        return f"{CODES[self.code]} ({self.detail})" if self.detail else CODES[self.code]
