"""How points are earned: the `earn` tags of a program definition, protocol section 3. One value per kind of rule."""

from typing import NamedTuple

from kinds.tags import decimal, span, whole_number


class SpendEarn(NamedTuple):
    """`points` for every `per` (a decimal) of `unit`: 1 point per 1000 sat."""

    points: int
    per: str
    unit: str


class VisitEarn(NamedTuple):
    """`points` for a visit, of at least `minimum` (a decimal and its unit) where the program says so.

    `gap` ("2h") is the least time between two visits that count; it needs a minimum, "0" of a unit if there is none.
    """

    points: int
    minimum: tuple[str, str] | None = None
    gap: str | None = None


class ItemEarn(NamedTuple):
    """`points` for each of an item."""

    points: int
    item: str


class PaymentEarn(NamedTuple):
    """`points` more for an order that is paid by this method, in the words of an order's `payment` tag."""

    points: int
    method: str


class OccasionEarn(NamedTuple):
    """`points` once for an occasion: "welcome" or "feedback"."""

    occasion: str
    points: int


class ReferralEarn(NamedTuple):
    """Points for whoever brings a friend, and for the friend, `vest` ("7d") after the friend's first order.

    At most `cap` friends of one referrer count; it needs a `vest`, "0d" if there is none.
    """

    referrer_points: int
    friend_points: int
    vest: str | None = None
    cap: int | None = None


Earn = SpendEarn | VisitEarn | ItemEarn | PaymentEarn | OccasionEarn | ReferralEarn


def write_earn(earn: Earn) -> tuple[str, ...]:
    """The tag of a rule."""
    match earn:
        case SpendEarn(points, per, unit):
            return ("earn", "spend", str(points), per, unit)
        case VisitEarn(points, minimum, gap):
            assert minimum is not None or gap is None, "a gap stands behind a minimum"
            return ("earn", "visit", str(points), *(minimum or ()), *([] if gap is None else [gap]))
        case ItemEarn(points, item):
            return ("earn", "item", str(points), item)
        case PaymentEarn(points, method):
            return ("earn", "payment", str(points), method)
        case OccasionEarn(occasion, points):
            return ("earn", occasion, str(points))
        case ReferralEarn(referrer_points, friend_points, vest, cap):
            assert vest is not None or cap is None, "a cap stands behind a vest"
            terms = [] if vest is None else [vest]
            terms += [] if cap is None else [str(cap)]
            return ("earn", "referral", str(referrer_points), str(friend_points), *terms)


def parse_earn(tag: tuple[str, ...]) -> Earn:
    """The rule of a tag. ValueError: a rule that we do not know (guessing would be worse), or one that is cut short."""
    match tag[1:]:
        case ("spend", points, per, unit, *_):
            return SpendEarn(whole_number(points), decimal(per), unit)
        case ("visit", points, amount_min, unit, *gap):
            return VisitEarn(whole_number(points), (decimal(amount_min), unit), span(gap[0]) if gap else None)
        case ("visit", points):
            return VisitEarn(whole_number(points))
        case ("item", points, item, *_):
            return ItemEarn(whole_number(points), item)
        case ("payment", points, method, *_):
            return PaymentEarn(whole_number(points), method)
        case ("welcome" | "feedback" as occasion, points, *_):
            return OccasionEarn(occasion, whole_number(points))
        case ("referral", referrer_points, friend_points, *terms):
            vest = span(terms[0]) if terms else None
            cap = whole_number(terms[1]) if len(terms) > 1 else None
            return ReferralEarn(whole_number(referrer_points), whole_number(friend_points), vest, cap)
    raise ValueError(f"earn: no rule that we know: {tag[1:3]!r}"[:200])
