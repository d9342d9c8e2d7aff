"""What the ledger says about everybody and everything that a batch decides on, and the slip of all that it writes.

Both are plain values: `gathering` reads the one and writes the other, `working_copy` changes them together.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from ledger.actions import Action
from ledger.awards import Award
from ledger.book import EntryDraw, OpenedLot, Standing
from ledger.entry import Entry, EntryType, NewEntry
from ledger.feedback import Feedback
from ledger.flags import Flag
from ledger.lot import Draw, Lot, Moved
from ledger.orders import OrderName, OrderRow, Refund
from ledger.outbox import Promise
from ledger.referrals import Referral
from ledger.stamps import Stamp
from ledger.tally import Tally
from ledger.vouchers import Voucher
from ledger.waiting_refunds import WaitingRefund
from nostr_loyalty.programs import ServedProgram

Dice = Callable[[int], bytes]
"""n random bytes."""
AGAIN: Final = ":again"
"""Ends the reference of what took points that had been forgiven: it is no other time at which some were."""


def is_again(refund: Refund | WaitingRefund) -> bool:
    """Whether it took forgiven points. A till's own refund may end so, too, but pays something back."""
    return refund.reference.endswith(AGAIN) and not refund.amount_minor


@dataclass(slots=True)
class Facts:
    """What the ledger says; every decision of the batch leaves its mark here, so that the next one sees it.

    `lots` holds all open lots of a standing that is in `whole`, and of others only what this batch opened. `entry_refs`
    holds the event ids of the entries that may be named. `refunded` holds the refunds applied before, by (program,
    source, refund's reference); `waiting` those that came before their order. `tallies` reach as far back as the
    program's rules look, `stamps` as far as the gap between two does around the orders. `drawn` holds what is still
    drawn by a redemption (its draws less what was put back); `ends` is there of one on the chain of a key that was
    replaced: when the lots end that it drew on.
    `bonuses` holds the credits, by id, that hang on an order without being its own: for feedback, for a referral.
    `heirs`: the lots that a credit became when its customer's key was replaced, the latest last; `taken`: what entries
    took of an order so far, of orders of such customers. `held`: points that a standing's issued vouchers hold, where
    the program (in `clamping`) leaves no deficits; `drawn_on`: there, the orders whose points used vouchers spent, by
    the lots that these drew on, and when something of the order was last taken back (0: never). `flagged`: orders that
    the guard noticed and nobody has looked at.
    `set_apart`: where the program has tiers, a standing's orders by id that count for no tier, or not yet: those that
    wait, and those that were held and then `dropped`.
    `unmade`: standings of customers who are new: they are made if anything is decided of them.
    `stock`: of rewards, by program, how many are out; `slots`: of the one that is asked for, which the customer has;
    `had`: which a standing has of a limited reward in a period. A next id of -1: nothing of that sort is made here.
    """

    standings: dict[int, Standing] = field(default_factory=dict)
    standing_ids: dict[tuple[int, str], int] = field(default_factory=dict)
    orders: dict[OrderName, OrderRow] = field(default_factory=dict)
    refunded: dict[OrderName, Refund] = field(default_factory=dict)
    waiting: dict[OrderName, list[WaitingRefund]] = field(default_factory=dict)
    lots: dict[int, list[Lot]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    entry_refs: dict[int, str] = field(default_factory=dict)
    tallies: dict[int, list[Tally]] = field(default_factory=dict)
    stamps: dict[int, list[Stamp]] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    drawn: dict[int, list[Draw]] = field(default_factory=dict)
    ends: dict[int, list[int | None]] = field(default_factory=dict)
    referrals: dict[int, Referral] = field(default_factory=dict)
    feedback: dict[int, Feedback] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    bonuses: dict[int, Entry] = field(default_factory=dict)
    heirs: dict[int, list[int]] = field(default_factory=dict)
    taken: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    clamping: frozenset[int] = frozenset()
    stock: dict[tuple[int, str], int] = field(default_factory=dict)
    had: dict[tuple[int, str, int], set[int]] = field(default_factory=dict)
    slots: frozenset[int] = frozenset()
    next_entry_id: int = 1
    next_order_id: int = 1
    next_voucher_id: int = -1
    next_action_id: int = -1
    next_referral_id: int = -1
    hand_today: tuple[int, int] = (0, 0)
    last_action: Action | None = None
    wrong_claims: tuple[int, int] = (0, 0)
    drawn_on: dict[int, tuple[OrderRow, int]] = field(default_factory=dict)
    flagged: frozenset[int] = frozenset()
    unmade: set[int] = field(default_factory=set)
    set_apart: dict[int, dict[int, OrderRow]] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    referrers: tuple[str, ...] = ()
    referred_so_far: int = 0
    friend_referred: bool = False


@dataclass(slots=True)
class Slip:
    """All that one batch writes: to the book, to the orders, to the other tables, to the outbox."""

    made: list[Standing] = field(default_factory=list)
    entries: list[NewEntry] = field(default_factory=list)
    opened: list[OpenedLot] = field(default_factory=list)
    draws: list[EntryDraw] = field(default_factory=list)
    standings: dict[int, Standing] = field(default_factory=dict)
    new_orders: dict[int, OrderRow] = field(default_factory=dict)
    changed_orders: dict[int, OrderRow] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    waiting: list[WaitingRefund] = field(default_factory=list)
    released: list[WaitingRefund] = field(default_factory=list)
    tallies: dict[tuple[int, int, str], Tally] = field(default_factory=dict)
    stamps: list[Stamp] = field(default_factory=list)
    lost_stamps: list[Stamp] = field(default_factory=list)
    moved_tallies: list[tuple[int, int]] = field(default_factory=list)
    new_vouchers: dict[int, Voucher] = field(default_factory=dict)
    changed_vouchers: dict[int, Voucher] = field(default_factory=dict)
    stock: list[tuple[int, str, int | None, int]] = field(default_factory=list)
    referrals: dict[int, tuple[bool, Referral]] = field(default_factory=dict)
    feedback: list[Feedback] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    settled: list[tuple[int, Literal["released", "dropped"]]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    undone: list[tuple[int, int]] = field(default_factory=list)
    wrong_claims: list[tuple[int, str, int]] = field(default_factory=list)
    warned: list[int] = field(default_factory=list)
    choices: dict[int, Standing] = field(default_factory=dict)
    awards: list[tuple[Award, Promise]] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)


Sentence = Callable[[ServedProgram], str]
"""A sentence in the language that a program speaks, as the functions of `wording` are."""


class Movement(NamedTuple):
    """Points about to move: what the entry says besides its place in the chain.

    `moved` is what the lot algebra made of it. (`adapter`, `author`, `reference`) make it happen once. `reverses` is
    the id of the entry that this one takes back, `of_credit` whether that one was a credit. `text` is what the entry
    says, in the customer's language; `said` what the customer reads instead of the usual line. `lot`, `linked`: event
    ids; `voucher`: the hash of a code.
    """

    type: EntryType
    moved: Moved
    text: Sentence
    author: str
    reference: str
    occurred_at: int
    adapter: str = "nostr"
    order_id: int | None = None
    reverses: int | None = None
    of_credit: bool = True
    reward: str | None = None
    voucher: str | None = None
    by: str | None = None
    lot: str | None = None
    linked: str | None = None
    said: Sentence | None = None
