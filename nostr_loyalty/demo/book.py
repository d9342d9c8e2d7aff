"""What the tills know they have reported, and what that must come to.

Deliberately simple and without a line of the daemon's rules: a second opinion that shared them would share their
mistakes. One point for every full `per_point`; a refund takes its share, rounded down; an order counts once. A claimed
receipt is its claimant's; a reward takes its price; whoever has once earned enough is a regular.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from kinds.answer import Result
from nostr_loyalty.demo.cast import PRICE, THRESHOLD, Guest, Venue
from nostr_loyalty.demo.letters import Letter
from nostr_loyalty.demo.script import Act


@dataclass(slots=True)
class Sale:
    """An order as its till remembers it, in the venue's smallest unit."""

    venue: Venue
    guest: Guest | None
    minor: int
    refunded: int = 0

    @property
    def points(self) -> int:
        """What is left of its points."""
        earned = self.minor // self.venue.per_point
        return earned - earned * self.refunded // self.minor


@dataclass(frozen=True, slots=True)
class Expected:
    """What an act must lead to: the answer's result and points, and how many entries its guest must have in all."""

    result: Result
    points: int | None
    entries: int


@dataclass(slots=True)
class Book:
    """Everything that was reported so far."""

    sales: dict[str, Sale] = field(default_factory=dict)
    entries: Counter[str] = field(default_factory=Counter)
    expected: dict[str, Expected] = field(default_factory=dict)
    """The id of each order's event or rumor, to what must come of it."""
    amounts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """A venue's slug to every amount its till has reported, as written."""
    letters: dict[str, Letter] = field(default_factory=dict)
    """The id of each letter to what was written."""
    written: Counter[str] = field(default_factory=Counter)
    """A public key to the number of letters that its owner has written."""
    spent: Counter[str] = field(default_factory=Counter)
    """A guest's public key to the points that went for rewards."""
    regulars: set[str] = field(default_factory=set)
    """Public keys of the guests who hold the tier."""

    def note(self, act: Act, message_id: str) -> Expected:
        """Write an act down, before it is sent; what must come of it."""
        result, points = self._reckon(act)
        customer = act.guest.key.public if act.guest is not None else ""
        if act.guest is not None and result == "accepted" and points:
            self.entries[customer] += 1
            self._look(act.guest)
        expected = Expected(result, points, self.entries[customer] if act.guest is not None else 0)
        self.expected[message_id] = expected
        if act.author is act.venue.till:
            self.amounts[act.venue.slug].add(act.order.amount.decimal)
        return expected

    def _reckon(self, act: Act) -> tuple[Result, int | None]:
        if act.author is not act.venue.till:
            return "rejected", None
        known = self.sales.get(act.order.order_id)
        if act.order.status == "paid":
            if known is not None:
                return "duplicate", known.points
            sale = self.sales[act.order.order_id] = Sale(act.venue, act.guest, act.minor)
            return "accepted", sale.points
        assert known is not None, "the script refunds what was sold"
        before = known.points
        known.refunded += act.minor
        return "accepted", known.points - before

    def write(self, letter: Letter, message_id: str) -> int:
        """Write a letter down, before it is sent; how many entries its guest must have after it."""
        customer = letter.guest.key.public
        self.letters[message_id] = letter
        self.written[letter.author.public] += 1
        if letter.verb == "claim":
            self.sales[letter.order_id].guest = letter.guest
            self._look(letter.guest)
        elif letter.verb == "redeem":
            self.spent[customer] += PRICE
        if letter.verb != "use":
            self.entries[customer] += 1
        return self.entries[customer]

    def earned(self, guest: Guest) -> int:
        """What this guest's orders are worth."""
        return sum(sale.points for sale in self.sales.values() if sale.guest is guest)

    def balance(self, guest: Guest) -> int:
        """What this guest's points must be."""
        return self.earned(guest) - self.spent[guest.key.public]

    def _look(self, guest: Guest) -> None:
        """A tier is kept for a while when points are taken back: longer than a demo lasts."""
        if self.earned(guest) >= THRESHOLD:
            self.regulars.add(guest.key.public)
