"""All the facts of one café, and the questions that are asked of them. Nothing is remembered that can be worked out."""

from collections.abc import Iterable
from dataclasses import replace

from tests.model import earning, tiers
from tests.model.days import DAY, day_of, period, start_of
from tests.model.earning import Bill
from tests.model.facts import Bonus, Brought, Deed, Guest, Order, Refund, Voucher
from tests.model.purse import Movement, Purse
from tests.model.rules import Rules


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
        self.bonuses: list[Bonus] = []
        self.guests: dict[str, Guest] = {}
        self.wrong_codes: list[tuple[str, int]] = []
        self.batch = 0
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
        found = [(order.day, order.counts_for_tiers(by)) for order in self.orders_of(who)]
        return found + [(bonus.day, bonus.points) for bonus in self.bonuses if bonus.who == who and by == "points"]

    def earned(self, who: str) -> list[tuple[int, int]]:
        """(day, points) of everything earned."""
        orders = [(order.day, order.points) for order in self.orders_of(who)]
        return orders + [(bonus.day, bonus.points) for bonus in self.bonuses if bonus.who == who]

    def room(self, who: str, day: int) -> int | None:
        """What the caps leave for an order of this day; None: no cap."""
        left = [
            most - max(0, sum(points for there, points in self.earned(who) if period(there, name) == period(day, name)))
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
        self.guest(who).known = True
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

    def take_back(self, number: int, points: int, now: int, order: int | None = None, owed: int = 0) -> int:
        """Take a credit back, or `points` of it, from whoever has it now; how much was taken."""
        owner = self.line(number).who
        holder = self.now_called(owner)
        if points == 0:
            return 0
        self.write_off(holder, now)
        forgiven = 0 if order is None else self.orders[order].forgiven
        wanted = min(points, self.can_be_taken_back(number, now) - forgiven)
        taken = min(wanted, self.can_be_owed(holder, now, owed)) if self.rules.deficit == "clamp" else wanted
        if order is not None:
            self.orders[order].forgiven += wanted - taken
        of = {"undoes": number} if owner == holder else {"instead": number, "lot": self.became(number)}
        self.move(holder, "revoked", -taken, now, order=order, **of)
        for bonus in self.bonuses:
            bonus.points -= taken if bonus.entry == number else 0
        return taken

    def can_be_owed(self, who: str, now: int, owed: int = 0) -> int:
        """What can be taken of somebody where deficits are forgiven: what there is, and what vouchers hold, or what
        was `owed` a moment ago.
        """
        purse = self.purse(who)
        held = sum(one.charged for one in self.vouchers if one.who == who and one.status == "issued")
        return purse.spendable(now) + max(0, max(held, owed) - purse.deficit)

    def became(self, number: int) -> int | None:
        """The credit that this one is now, on the card that it moved to; None: all of it was gone by then."""
        moved = next((one for one in self.movements if one.was == number), None)
        if moved is None:
            return number if self.guest(self.line(number).who).moved_to is None else None
        return self.became(moved.number)

    def first_of(self, number: int) -> int:
        """The credit that this one was before any key was lost."""
        was = self.line(number).was
        return number if was is None else self.first_of(was)

    def forgiven_for(self, voucher: Voucher) -> list[tuple[Order, int]]:
        """Orders of which points were forgiven because this voucher had spent them, and how many at most: not those of
        which nothing was taken back any more when it was used.
        """
        if voucher.status != "used" or self.rules.deficit != "clamp":
            return []
        found, left = [], voucher.charged
        for lot, out in self.purse(self.line(voucher.entry).who).pieces(voucher.entry):
            points = min(out, left)
            left -= points
            of_it = [order for order in self.orders if order.entry == self.first_of(lot) and order.forgiven]
            found += [(order, points) for order in of_it if voucher.used_at <= order.touched_at]
        return found

    def can_be_taken_back(self, number: int, now: int) -> int:
        """How much of a credit has neither run out nor been taken back, on any card that it was on."""
        left = self.purse(self.line(number).who).can_be_taken_back(number, now)
        left -= sum(-one.points for one in self.movements if one.instead == number)
        moved = next((one for one in self.movements if one.was == number), None)
        if moved is not None:
            left -= moved.points - self.can_be_taken_back(moved.number, now)
        return max(0, left)

    def give_back(self, voucher: Voucher, points: int, now: int) -> None:
        """Points of a voucher go back to where they came from, or as new ones to the key that has the voucher now."""
        self.write_off(voucher.who, now)
        first = self.line(voucher.entry).who
        if first == voucher.who:
            self.move(voucher.who, "revoked", points, now, undoes=voucher.entry)
        elif points:
            ends = self.purse(first).ends_of(voucher.entry)
            self.move(voucher.who, "granted", points, now, ends=None if ends is None else max(ends, now + DAY))
        voucher.charged -= points

    def give_bonus(self, who: str, points: int, now: int) -> int | None:
        """Points that are earned otherwise than by an order."""
        entry = self.credit(who, "earned", points, now)
        if entry is not None:
            self.bonuses.append(Bonus(who, entry, day_of(now, self.rules.tz), points))
            self.review(who, now)
        return entry

    def review(self, who: str, now: int) -> None:
        """Look at the guest's tier."""
        guest = self.guest(who)
        guest.held = tiers.look_at(self.rules, guest.held, self.counted(who), now)

    def new_rules(self, rules: Rules, now: int) -> None:
        """The venue changes its mind; points that live shorter from now on still live for a whole term."""
        before, self.rules = self.rules, rules
        if rules.ttl is not None and (before.ttl is None or rules.ttl < before.ttl):
            self._numbers += 1
            self.limits.append(Movement(self._numbers, "", "limit", 0, now, ends=self.ends(now)))
        for order in self.orders:
            order.counts = order.bill.currency == rules.spend_currency
        if _what_counts(before) != _what_counts(rules):
            for who, guest in self.guests.items():
                something = guest.held.tier or self.visits(who) or any(points for _, points in self.earned(who))
                if something or any(order.spent for order in self.orders_of(who)):
                    guest.held = replace(guest.held, look=now)

    def earn(self, bill: Bill, who: str | None, day: int) -> earning.Earned | str:
        """What this bill earns this guest; None: whoever will claim it."""
        if who is None:
            return earning.earn(self.rules, bill)
        guest = self.guest(who)
        return earning.earn(
            self.rules, bill, tier=guest.held.tier, stamps=self.stamps(who), first=not guest.welcomed,
            room=self.room(who, day),
        )  # fmt: skip

    def stamps(self, who: str) -> list[int]:
        """When the guest got a stamp that still counts."""
        return [one.bill.paid_at for one in self.orders_of(who) if one.stamped and one.status == "paid"]

    def everybody(self) -> Iterable[str]:
        """All guests that the café has heard of."""
        return list(self.guests)

    def meet(self, who: str) -> str:
        """The guest has a card from now on; the key that it goes by."""
        self.guest(who).known = True
        return self.now_called(who)


def _what_counts(rules: Rules) -> tuple[object, ...]:
    """What tiers count: where that changes, the next sweep looks at everybody."""
    basis = (rules.tier_by, rules.tier_window) if rules.tiers else ("points", None)
    return rules.spend_currency, rules.tz, *basis, rules.tiers
