"""What a café knows: orders, refunds, vouchers, who brought whom, what was done by command, and the guests."""

from dataclasses import dataclass, field

from tests.model.earning import Bill
from tests.model.tiers import Held

HELD = 2**53


@dataclass
class Order:
    """What a till reported. `taken` is how many of its points are gone again, `unbooked` of them before they were
    anybody's; of the others some may have been forgiven, or had run out. `stamp`: what its stamp gave, if it got one.
    """

    number: int
    till: str
    name: str
    bill: Bill
    who: str | None
    recorded_at: int
    earned: int
    fixed: int
    counts: bool
    status: str = "paid"
    refunded: int = 0
    taken: int = 0
    unbooked: int = 0
    entry: int | None = None
    waits_until: int | None = None
    held: bool = False
    flagged: bool = False
    dropped: bool = False
    welcome: int = 0
    stamped: bool = False
    stamp: int | None = None
    forgiven: int = 0
    touched_at: int = 0
    code: bool = False
    day: int = 0

    @property
    def points(self) -> int:
        """What is left of it."""
        return self.earned - self.taken

    def counts_for_tiers(self, by: str) -> int:
        """Points once they are there; money and visits at once; of an order that is held, or was dropped, nothing."""
        if self.held or self.dropped or (by == "points" and self.waits_until is not None):
            return 0
        return {"points": self.points, "spend": self.spent, "visits": int(self.status == "paid")}[by]

    @property
    def spent(self) -> int:
        """What counts as spent."""
        with_points = sum(minor for type_, minor in self.bill.lines if type_ == "points_discount")
        counts = self.status == "paid" and self.counts and self.who is not None
        return max(0, self.bill.minor - with_points - self.refunded) if counts else 0


@dataclass
class Refund:
    """A part (or, `canceled`, the whole) of an order that was paid back; kept while the order is not known."""

    till: str
    order: str
    name: str
    minor: int
    currency: str
    canceled: bool
    at: int
    by_hand: bool = False
    batch: int = 0


@dataclass
class Voucher:
    """A promised reward."""

    code: str
    who: str
    reward: str
    type: str
    off: tuple[int, str] | None
    cost: int
    entry: int
    hold_until: int
    status: str = "issued"
    charged: int = 0
    period: tuple[int, ...] = ()
    order: str | None = None
    till: str | None = None
    used_at: int = 0

    @property
    def is_out(self) -> bool:
        """Whether it counts for stock and limits."""
        return self.status in ("issued", "used")


@dataclass
class Brought:
    """Who brought whom; `watched`: whose next order it is that counts."""

    referrer: str
    friend: str
    watched: str | None = None
    status: str = "waiting"
    order: int | None = None
    vest_at: int | None = None
    entries: tuple[int | None, int | None] = (None, None)


@dataclass
class Deed:
    """What somebody did by command, for the limits of a day and for undoing it."""

    who: str
    verb: str
    guest: str | None
    points: int
    day: int
    at: int
    about: object = None
    undone: bool = False


@dataclass
class Bonus:
    """Points that were earned otherwise than by an order, what is left of them, and the day on which they count."""

    who: str
    entry: int
    day: int
    points: int


@dataclass
class Guest:
    """What no list says: what was decided about a guest at a time."""

    held: Held = field(default_factory=Held)
    last_order: int | None = None
    welcomed: bool = False
    known: bool = False
    frozen: bool = False
    moved_to: str | None = None
