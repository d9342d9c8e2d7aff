"""What people ask that moves no points: questions, and their choices of how the program treats them (protocol §10).

As with commands, whoever makes the value has checked it: keys are public keys in hex. `who` None is the asker.
"""

from dataclasses import dataclass
from typing import Final, Literal

from kinds.attestation import ClaimType

ReportPeriod = Literal["today", "week", "month"]
Sharing = Literal["public", "private"]
Notices = Literal["off", "important", "all"]

HISTORY_LINES: Final = 10
"""Entries that `history` tells when no number is said."""
HISTORY_MAX: Final = 100
"""Entries that it tells at most."""


@dataclass(frozen=True, slots=True)
class Key:
    """Somebody by the public key, in hex."""

    pubkey: str


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody by a NIP-05 name, in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class GuestOf:
    """The customer of an order, by the order's id."""

    order: str


Who = Key | Named | GuestOf


@dataclass(frozen=True, slots=True)
class Balance:
    """How many points are there?"""

    who: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What were the last `lines` (1 to HISTORY_MAX) entries, or those before the entry number `before`?"""

    who: str | None = None
    lines: int = HISTORY_LINES
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Rewards:
    """What can points buy, and what is missing?"""


@dataclass(frozen=True, slots=True)
class Report:
    """How was the program's day, week or month?"""

    period: ReportPeriod = "today"


@dataclass(frozen=True, slots=True)
class Help:
    """What can be said? `topic` is a verb of the grammar, or None: everything, in short."""

    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Is the asker's balance in the published total? The path of the last checkpoint."""


@dataclass(frozen=True, slots=True)
class Prove:
    """Attest a claim to `audience` (hex). `value` is a tier as it was typed, a number, or "" for member_since, which
    the ledger knows; `window` is such as "90d".
    """

    claim: ClaimType
    value: str
    window: str | None
    audience: str


@dataclass(frozen=True, slots=True)
class Share:
    """The asker's entries and card shall be seen by everybody, or by nobody else."""

    sharing: Sharing


@dataclass(frozen=True, slots=True)
class Notify:
    """Which notices the asker wants."""

    notices: Notices


@dataclass(frozen=True, slots=True)
class BadgeChoice:
    """Whether the asker wants the badge of its tier."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Language:
    """The language, by its code, in which the asker wants to be spoken to."""

    code: str


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """Forget the asker: what that means is told first, and done when it is `confirmed`."""

    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """Orders shall earn nothing until the program is resumed."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Orders shall earn again."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """An owner says yes to what somebody else asked for above a limit, by its code."""

    code: str


Question = (
    Balance | History | Rewards | Report | Help | Proof | Prove | Share | Notify | BadgeChoice | Language | ForgetMe
    | Pause | Resume | Confirm
)  # fmt: skip

QUESTION_VERBS: Final[dict[str, type[Question]]] = {
    "balance": Balance,
    "history": History,
    "rewards": Rewards,
    "report": Report,
    "help": Help,
    "proof": Proof,
    "prove": Prove,
    "share": Share,
    "notify": Notify,
    "badge": BadgeChoice,
    "language": Language,
    "forget me": ForgetMe,
    "pause": Pause,
    "resume": Resume,
    "confirm": Confirm,
}
_VERB_OF: Final = {question: verb for verb, question in QUESTION_VERBS.items()}


def verb_of_question(question: Question) -> str:
    """The question's word, or words."""
    return _VERB_OF[type(question)]
