"""How many points a paid order is worth (protocol §3, `earn`).

- The basis is what the customer paid with money for what counts: the amount less what points paid, less excluded lines
  and items. Points never earn points (Bug 11, 12): an order of which nothing counts has only a welcome bonus.
- Base points: the spend rule of the order's unit, a stamp for the visit, points by item. The best multiplier that fits
  the time of payment and the multiplier of the tier held *before* the order apply to their sum; the order that crosses
  a threshold earns at the old tier's rate (Bug 38).
- Welcome bonus and bonus by payment method are added as they are. Rounding happens once, after that; then the caps cut.

`earn` is asked five thousand times a second: it builds no texts and no fractions. `explain` says the same with reasons,
and reckons by itself: one checks the other.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import floor
from typing import Final, NamedTuple

from ledger.units import Money, format_money, unit_shown
from nostr_loyalty.rules.program import ONE, Factor, ProgramRules, VisitRule, divide
from nostr_loyalty.rules.reckoning import Lookups, applying, lookups, within_caps
from nostr_loyalty.rules.refusal import Points, Refusal
from nostr_loyalty.rules.vesting import vests

POINTS_MAX: Final = 10**12
"""Points of one order; far above any use, far below what an integer column holds."""


class OrderFacts(NamedTuple):
    """What was paid, in the smallest unit of `currency`; `by_points_minor` is the part of it that points paid.

    `lines`: (type, amount) of the parts that a rule may leave out; `items`: (id, quantity, amount of all of them), with
    the quantity as a fraction (0 or more). All amounts are of the order's currency.
    """

    minor: int
    currency: str
    paid_at: int
    by_points_minor: int = 0
    lines: tuple[tuple[str, int], ...] = ()
    items: tuple[tuple[str, Factor, int], ...] = ()
    payment: str | None = None


class CustomerFacts(NamedTuple):
    """The customer before the order: the tier held, whether a welcome bonus is due no more, the time of payment of the
    order nearest to it in time that got a stamp (0: none), and for each of the rules' caps what was earned in its
    period so far.
    """

    tier: str | None = None
    welcomed: bool = False
    stamped_at: int = 0
    cap_used: tuple[int, ...] = ()


ANYBODY: Final = CustomerFacts(welcomed=True)
"""With whom an order is reckoned that names no customer: no tier, no welcome, no caps."""


class Earned(NamedTuple):
    """What an order earns. `fixed`: the part of `points` that a partial refund leaves (stamp, welcome, payment bonus);
    `welcome`: the part of `fixed` that is the welcome bonus. `stamped`: it got a stamp. `basis_minor`: what counted of
    the amount. `vests`: the points wait before they are booked. `stamp`: the part of `fixed` that the stamp gave.
    """

    points: int
    fixed: int
    welcome: int
    stamped: bool
    basis_minor: int
    vests: bool
    stamp: int = 0


class Part(NamedTuple):
    """What one rule adds (or takes): whole points, so that the parts of an order sum to its points, and the reason."""

    rule: str
    points: int
    why: str


def earn(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> Earned | Refusal:
    """Points for one order, 0 or more, or why there are none to decide on."""
    if rules.status != "active":
        return Refusal("program-ended" if rules.status == "ended" else "program-paused")
    known = lookups(rules)
    rule = known.spend.get(order.currency)
    if rule is None and known.spend:
        return Refusal.saying("amount-without-rule", "unit {unit}", unit=unit_shown(order.currency))
    basis = _basis(known, order)
    numerator = stamp = bonus = 0
    denominator = 1
    if basis:
        if rule is not None:
            numerator, denominator = basis * rule.points, rule.per_minor
        if rules.visit is not None and _gets_stamp(rules.visit, basis, order, customer.stamped_at):
            stamp = rules.visit.points
            numerator += stamp * denominator
        if known.items:
            for item, quantity, _ in order.items:
                points = known.items.get(item)
                if points is not None:
                    numerator = numerator * quantity.denominator + points * quantity.numerator * denominator
                    denominator *= quantity.denominator
        if order.payment is not None:
            bonus = known.payments.get(order.payment, 0)
    stamped = stamp > 0
    factor = known.perks.get(customer.tier, ONE)
    multiplier = applying(known, rules.tz, order.paid_at) if known.multipliers and numerator else None
    if multiplier is not None:
        factor = Factor(factor[0] * multiplier.factor[0], factor[1] * multiplier.factor[1])
    if factor is not ONE:
        numerator *= factor[0]
        denominator *= factor[1]
        stamp = stamp * factor[0] // factor[1]
    welcome = 0 if customer.welcomed else rules.welcome
    bonus += welcome
    total = divide(numerator + bonus * denominator, denominator, rules.rounding)
    if known.cap_points:
        total = within_caps(known, total, customer.cap_used)
    if total > POINTS_MAX:
        return Refusal.saying("points-beyond-limit", "{points}", points=Points(total))
    fixed = min(total, stamp + bonus)
    waits = rules.vest_s > 0 and vests(rules, delivery=any(line == "delivery" for line, _ in order.lines))
    return Earned(total, fixed, min(welcome, fixed), stamped, basis, waits, min(stamp, fixed))


def explain(
    rules: ProgramRules, order: OrderFacts, customer: CustomerFacts
) -> tuple[tuple[Part, ...], Earned | Refusal]:
    """What `earn` gives, and why, rule by rule; no parts beside a refusal."""
    earned = earn(rules, order, customer)
    return () if isinstance(earned, Refusal) else tuple(_parts(rules, order, customer)), earned


def claimed(
    rules: ProgramRules, earned: int, fixed: int, *, stamp: int | None, paid_at: int, customer: CustomerFacts
) -> Earned:
    """What an order that was reckoned with ANYBODY (`earned`, `fixed`) is worth to the customer who claims it.

    `stamp`: what the stamp gave then, by the rules of that day (None: there was none). It goes where the gap to the
    customer's nearest one is not kept, the welcome bonus is added where it is due, the caps cut. What counted of the
    amount stays as it was (`basis_minor` is 0 here), and nothing waits any more.
    """
    stamped, visit = stamp is not None, rules.visit
    if stamp is not None and visit is not None and not _gap_kept(visit, paid_at, customer.stamped_at):
        stamped = False
        lost = min(stamp, fixed)
        earned, fixed = earned - lost, fixed - lost
    welcome = 0 if customer.welcomed else rules.welcome
    total = within_caps(lookups(rules), earned + welcome, customer.cap_used)
    fixed = min(total, fixed + welcome)
    return Earned(total, fixed, min(welcome, fixed), stamped, 0, vests=False)


def _basis(known: Lookups, order: OrderFacts) -> int:
    """What counts of an order's amount, 0 or more."""
    basis = order.minor - order.by_points_minor
    if known.excluded_lines:
        for line, minor in order.lines:
            if line in known.excluded_lines:
                basis -= minor
    if known.excluded_items:
        for item, _, minor in order.items:
            if item in known.excluded_items:
                basis -= minor
    return max(0, basis)


def _gets_stamp(visit: VisitRule, basis: int, order: OrderFacts, stamped_at: int) -> bool:
    """Whether an order counts as a visit with a stamp."""
    minimum = visit.minimum
    if minimum is not None and (minimum.currency != order.currency or basis < minimum.minor):
        return False
    return basis > 0 and _gap_kept(visit, order.paid_at, stamped_at)


def _gap_kept(visit: VisitRule, paid_at: int, stamped_at: int) -> bool:
    return not stamped_at or abs(paid_at - stamped_at) >= visit.gap_s


def _parts(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> Iterator[Part]:
    """The parts, by exact fractions; what a part adds is shown in whole points, and the rest goes to the next."""
    known, exact = lookups(rules), Fraction(0)
    for name, after, why in _steps(rules, known, order, customer):
        yield Part(name, floor(after) - floor(exact), why)
        exact = after
    total = divide(exact.numerator, exact.denominator, rules.rounding)
    if total > floor(exact):
        yield Part("rounding", total - floor(exact), "Rounded up, as the program says.")
    for cap, used in zip(rules.caps, customer.cap_used, strict=False):
        left = min(total, max(0, cap.points - used))
        if left < total:
            yield Part(
                f"cap:{cap.period}", left - total, f"At most {_points(cap.points)} a {cap.period}, {used} before."
            )
        total = left


def _steps(
    rules: ProgramRules, known: Lookups, order: OrderFacts, customer: CustomerFacts
) -> Iterator[tuple[str, Fraction, str]]:
    """Each rule that has a say, with the exact points after it."""
    basis, exact, visit = _basis(known, order), Fraction(0), rules.visit
    rule = known.spend.get(order.currency)
    if rule is not None:
        exact += Fraction(basis * rule.points, rule.per_minor)
        per = _money(rule.per_minor, rule.currency)
        yield "spend", exact, f"{_points(rule.points)} per {per}; {_money(basis, rule.currency)} counts."
    if visit is not None:
        stamp = _gets_stamp(visit, basis, order, customer.stamped_at)
        exact += visit.points if stamp else 0
        near = basis > 0 and not _gap_kept(visit, order.paid_at, customer.stamped_at)
        no = "too soon after (or before) another one" if near else "too little of the amount counts"
        yield "visit", exact, "A stamp for the visit." if stamp else f"No stamp: {no}."
    for item, quantity, _ in order.items if basis else ():
        points = known.items.get(item)
        if points is not None:
            exact += points * Fraction(*quantity)
            yield f"item:{item}", exact, f"{_points(points)} each, {_decimal(quantity)} of them."
    multiplier = applying(known, rules.tz, order.paid_at)
    if multiplier is not None and exact:
        exact *= Fraction(*multiplier.factor)
        why = f"{multiplier.name}, {multiplier.schedule.text}: times {_decimal(multiplier.factor)}."
        yield f"multiplier:{multiplier.name}", exact, why
    perk = known.perks.get(customer.tier)
    if perk is not None and exact:
        exact *= Fraction(*perk)
        tier = rules.tier(customer.tier)
        title = customer.tier if tier is None else tier.title
        yield f"tier:{customer.tier}", exact, f"{title}, held before this order: times {_decimal(perk)}."
    if rules.welcome and not customer.welcomed:
        exact += rules.welcome
        yield "welcome", exact, "The first order."
    bonus = known.payments.get(order.payment or "", 0)
    if bonus and basis:
        yield f"payment:{order.payment}", exact + bonus, f"Paid by {order.payment}."


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _money(minor: int, currency: str) -> str:
    return " ".join(format_money(Money(minor, currency)))


def _decimal(factor: Factor) -> str:
    """A factor as people write it: 15/10 is 1.5; what is no decimal stays a fraction."""
    exact, places = Fraction(*factor), len(str(factor.denominator)) - 1
    if exact.denominator == 1:
        return str(exact.numerator)
    if factor.denominator != 10**places:
        return str(exact)
    digits = str(factor.numerator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}".rstrip("0")
