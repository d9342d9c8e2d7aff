"""The commands: what operators and customers can ask for (protocol §10), as values.

Keys, entries and codes are checked by whoever makes the command: `who`, `old`, `new` and `friend` are public keys in
hex,
`entry` is an event id in hex, `code` a claim or voucher code as it was typed. Whether the asker may, is for the desk.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from ledger.units import Money
from nostr_loyalty.programs import ServedProgram

Role = Literal["operator", "customer"]


@dataclass(frozen=True, slots=True)
class Grant:
    """Give points (above 0); `expires_at` (unix seconds): until then, instead of as long as the program's points
    live.
    """

    who: str
    points: int
    reason: str = ""
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class Revoke:
    """Take points (above 0) by hand."""

    who: str
    points: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RevokeEntry:
    """Reverse what is left of a credit, or a redemption."""

    entry: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """An order was paid back in whole, or `amount` of it; `order` is its id."""

    order: str
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Redeem:
    """Take a reward's points and give a voucher code; `who` None: for the asker."""

    reward: str
    who: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """The voucher is used at the till: on a bill of this size, on this order."""

    code: str
    bill: Money | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give a voucher's points back."""

    code: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """The customer earns, but spends nothing."""

    who: str


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """The customer may spend again."""

    who: str


@dataclass(frozen=True, slots=True)
class Relink:
    """Everything of a lost key moves to a new one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the asker's last command back."""


@dataclass(frozen=True, slots=True)
class Release:
    """Book the points of an order that the guard holds."""

    order: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop the points of an order that the guard holds."""

    order: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The points of a receipt, by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A word about an order (None: the latest)."""

    text: str
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Refer:
    """The asker brings a friend."""

    friend: str


Command = (
    Grant | Revoke | RevokeEntry | Refund | Redeem | Use | Cancel | Freeze | Unfreeze | Relink | Undo | Release | Drop
    | Claim | Feedback | Refer
)  # fmt: skip

VERBS: Final[dict[str, type[Command]]] = {
    "grant": Grant,
    "revoke": Revoke,
    "revoke-entry": RevokeEntry,
    "refund": Refund,
    "redeem": Redeem,
    "use": Use,
    "cancel": Cancel,
    "freeze": Freeze,
    "unfreeze": Unfreeze,
    "relink": Relink,
    "undo": Undo,
    "release": Release,
    "drop": Drop,
    "claim": Claim,
    "feedback": Feedback,
    "refer": Refer,
}
_VERB_OF: Final = {command: verb for verb, command in VERBS.items()}

CUSTOMER_VERBS: Final = frozenset({"redeem", "cancel", "claim", "feedback", "refer"})
"""What a customer may ask for itself; an operator may ask for everything."""

REASON_MAX: Final = 500
"""Characters of a reason."""
FEEDBACK_MAX: Final = 2_000
"""Characters of a feedback."""
POINTS_MAX: Final = 10**12
"""Points that one command moves."""


def verb_of(command: Command) -> str:
    """The command's word."""
    return _VERB_OF[type(command)]


class Request(NamedTuple):
    """A command with who asks (`actor`, a public key in hex, as `role`) for which program.

    `ref` (64 hex digits) makes it happen once; `adapter` is the way that it came ("cli", "nostr"); `at` is when it was
    asked, in unix seconds; `confirmed`: an owner has said that it may exceed its asker's limits.
    """

    ref: str
    at: int
    actor: str
    role: Role
    adapter: str
    program: ServedProgram
    command: Command
    confirmed: bool = False

    @property
    def customer(self) -> str:
        """Whom it is about when the command names nobody: the asker."""
        return self.actor
