"""All the facts of one café, and the questions that are asked of them. Nothing is remembered that can be worked out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.model import earning, tiers
from tests.model.days import day_of, period, start_of
from tests.model.earning import Bill
from tests.model.purse import Movement, Purse
from tests.model.rules import Rules
from tests.model.tiers import Held

HELD = 2**53


@dataclass
class Order:
    """What a till reported. `taken` is how many of its points are gone again, `unbooked` of them before they were
    anybody's, `forgiven` of them because there was nothing left to take.
    """

    number: int
    till: str
    name: str
    bill: Bill
    who: str | None
    recorded_at: int
    earned: int
    fixed: int
    stamp: int
    basis: int
    counts: bool
    status: str = "paid"
    refunded: int = 0
    taken: int = 0
    unbooked: int = 0
    forgiven: int = 0
    entry: int | None = None
    waits_until: int | None = None
    held: bool = False
    welcomed: bool = False
    code: bool = False
    day: int = 0

    @property
    def points(self) -> int:
        """What is left of it."""
        return self.earned - self.taken

    @property
    def spent(self) -> int:
        """What counts as spent."""
        if self.status != "paid" or not self.counts:
            return 0
        return self.basis - self.basis * self.refunded // self.bill.minor if self.bill.minor else 0


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
    issued_at: int
    hold_until: int
    status: str = "issued"
    charged: int = 0
    period: tuple[int, ...] = ()
    order: str | None = None

    @property
    def is_out(self) -> bool:
        """Whether it counts for stock and limits."""
        return self.status in ("issued", "used")


@dataclass
class Brought:
    """Who brought whom."""

    referrer: str
    friend: str
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
class Guest:
    """What no list says: what was decided about a guest at a time."""

    held: Held = field(default_factory=Held)
    stamped_at: int | None = None
    last_order: int | None = None
    welcomed: bool = False
    frozen: bool = False
    moved_to: str | None = None


class Cafe:
    """The facts, and what follows from them."""

    def __init__(self, rules: Rules) -> None:
        """`rules` may be replaced by `new_rules` only."""
        self.rules = rules
        self.movements: list[Movement] = []
        self.limits: list[Movement] = []
        self.orders: list[Order] = []
        self.refunds: list[Refund] = []
        self.waiting: list[Refund] = []
        self.vouchers: list[Voucher] = []
        self.brought: list[Brought] = []
        self.deeds: list[Deed] = []
        self.feedback: dict[int, int | None] = {}
        self.guests: dict[str, Guest] = {}
        self.wrong_codes: list[tuple[str, int]] = []
        self._numbers = 0

    # -- what is asked ---------------------------------------------------------------------------------------------

    def guest(self, who: str) -> Guest:
        """The guest, who may be new."""
        return self.guests.setdefault(who, Guest())

    def history(self, who: str) -> list[Movement]:
        """The guest's lines."""
        return [one for one in self.movements if one.who == who]

    def line(self, number: int) -> Movement:
        """The line of this number."""
        return next(one for one in self.movements if one.number == number)

    def now_called(self, who: str) -> str:
        """The key that has everything of this one."""
        moved_to = self.guest(who).moved_to
        return who if moved_to is None else self.now_called(moved_to)

    def purse(self, who: str) -> Purse:
        """The guest's points."""
        return Purse(sorted(self.history(who) + self.limits, key=lambda one: one.number))

    def orders_of(self, who: str) -> list[Order]:
        """The guest's orders, oldest first."""
        return [order for order in self.orders if order.who == who]

    def visits(self, who: str) -> int:
        """Orders that were paid and not taken back in whole."""
        return sum(order.status == "paid" for order in self.orders_of(who))

    def counted(self, who: str) -> list[tuple[int, int]]:
        """(day, amount) of everything that counts for a tier."""
        by = self.rules.tier_by
        return [
            (order.day, {"points": order.points, "spend": order.spent, "visits": int(order.status == "paid")}[by])
            for order in self.orders_of(who)
        ]

    def room(self, who: str, day: int) -> int | None:
        """What the caps leave for an order of this day; None: no cap."""
        left = [
            most - sum(one.points for one in self.orders_of(who) if period(one.day, name) == period(day, name))
            for name, most in self.rules.caps.items()
        ]
        return max(0, min(left)) if left else None

    def find(self, till: str, name: str) -> Order | None:
        """The order of this till and name."""
        return next((order for order in self.orders if (order.till, order.name) == (till, name)), None)

    def out(self, reward: str, who: str | None = None) -> list[Voucher]:
        """The vouchers of a reward that are issued or used."""
        return [one for one in self.vouchers if one.reward == reward and one.is_out and who in (None, one.who)]

    # -- what happens ----------------------------------------------------------------------------------------------

    def move(self, who: str, type_: str, points: int, now: int, **more: int | None) -> int | None:
        """One line more; its number, or None where nothing moves."""
        if points == 0:
            return None
        self.guest(who)
        self._numbers += 1
        self.movements.append(Movement(self._numbers, who, type_, points, now, **more))
        return self._numbers

    def credit(self, who: str, type_: str, points: int, now: int, **more: int | None) -> int | None:
        """Points that live as long as points live."""
        return self.move(who, type_, points, now, ends=self.ends(now), **more)

    def ends(self, now: int) -> int | None:
        """When points that are given now run out."""
        ttl, tz = self.rules.ttl, self.rules.tz
        return None if ttl is None else start_of(day_of(now, tz) + ttl + 1, tz)

    def write_off(self, who: str, now: int) -> int:
        """What has run out is written off; how many lots."""
        overdue = self.purse(who).overdue(now)
        for lot in overdue:
            self.move(who, "expired", -lot.left, now, lot=lot.number)
        return len(overdue)

    def take_back(self, number: int, points: int, now: int, order: int | None = None) -> tuple[int, int]:
        """Take a credit back, or `points` of it, from whoever has it now; (taken, forgiven)."""
        owner = self.line(number).who
        holder = self.now_called(owner)
        wanted = min(points, self.can_be_taken_back(number, now))
        taken = wanted
        if self.rules.deficit == "clamp":
            taken = min(wanted, self.purse(holder).spendable(now))
        of = {"undoes": number} if owner == holder else {"instead": number}
        self.move(holder, "revoked", -taken, now, order=order, **of)
        return taken, wanted - taken

    def can_be_taken_back(self, number: int, now: int) -> int:
        """How much of a credit has neither run out nor been taken back."""
        elsewhere = sum(-one.points for one in self.movements if one.instead == number)
        return self.purse(self.line(number).who).can_be_taken_back(number, now) - elsewhere

    def give_back(self, voucher: Voucher, points: int, now: int) -> None:
        """Points of a voucher go back to where they came from."""
        self.write_off(voucher.who, now)
        self.move(voucher.who, "revoked", points, now, undoes=voucher.entry)
        voucher.charged -= points

    def review(self, who: str, now: int) -> None:
        """Look at the guest's tier."""
        guest = self.guest(who)
        guest.held = tiers.look_at(self.rules, guest.held, self.counted(who), now)

    def new_rules(self, rules: Rules, now: int) -> None:
        """The venue changes its mind; points that live shorter from now on still live for a whole term."""
        before, self.rules = self.rules.ttl, rules
        if rules.ttl is not None and (before is None or rules.ttl < before):
            self._numbers += 1
            self.limits.append(Movement(self._numbers, "", "limit", 0, now, ends=self.ends(now)))

    def earn(self, bill: Bill, who: str | None, day: int) -> earning.Earned | str:
        """What this bill earns this guest; None: whoever will claim it."""
        if who is None:
            return earning.earn(self.rules, bill)
        guest = self.guest(who)
        return earning.earn(
            self.rules, bill, tier=guest.held.tier, stamped_at=guest.stamped_at, first=self.is_first(who),
            room=self.room(who, day),
        )  # fmt: skip

    def is_first(self, who: str) -> bool:
        """Whether the welcome is due: no order of the guest is left that was not taken back in whole."""
        return not any(order.status == "paid" for order in self.orders_of(who))

    def everybody(self) -> Iterable[str]:
        """All guests that the café has heard of."""
        return list(self.guests)
