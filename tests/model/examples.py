"""What the model's examples have in common: three guests, a Monday noon, a till."""

from datetime import UTC, datetime

from tests.model import till
from tests.model.cafe import Cafe
from tests.model.earning import Bill
from tests.model.facts import Refund
from tests.model.rules import Rules

ANA, BEN, EVA = "ana", "ben", "eva"
NOON = int(datetime(2026, 6, 1, 10, 0, tzinfo=UTC).timestamp())  # a Monday, noon in Madrid
EURO = Rules(spend={"EUR": (1, 100)})


def euros(amount: int, at: int = NOON, **more: object) -> Bill:
    """A bill in whole euros."""
    return Bill(amount * 100, "EUR", at, **more)  # type: ignore[arg-type] # what a test names


def sell(cafe: Cafe, name: str, bill: Bill, who: str | None = ANA, now: int | None = None) -> str:
    """The till reports an order when it is paid."""
    return till.paid(cafe, "till", name, bill, who, bill.paid_at if now is None else now)


def pay_back(cafe: Cafe, order: str, amount: int, name: str = "r", now: int = NOON, *, canceled: bool = False) -> str:
    """The till reports that so many euros were paid back."""
    return till.refunded(cafe, Refund("till", order, name, amount * 100, "EUR", canceled, now), now)


def moved(cafe: Cafe, who: str = ANA) -> list[tuple[str, int]]:
    """The guest's lines."""
    return [(one.type, one.points) for one in cafe.history(who)]
