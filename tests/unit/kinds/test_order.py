"""What `kinds.order` promises: strict reading, one code per fault, nothing taken twice."""

import pytest

from kinds.errors import Unreadable
from kinds.event import Event, Rumor, Template, author, sign
from kinds.order import PaidOrder, parse, template
from tests.unit.kinds.samples import ISSUER, NOW, ORDER, PROGRAM, SOURCE

MINIMAL = PaidOrder(
    order_id="1",
    program=PROGRAM,
    issuer=ISSUER.public,
    source=SOURCE.public,
    customer=None,
    status="paid",
    amount=ORDER.amount,
    paid_at=NOW,
)
TAGS = template(ORDER, NOW).tags


def signed(*tags: tuple[str, ...], kind: int = 7412) -> Event:
    """An order event with exactly these tags."""
    return sign(Template(kind, NOW, tags, ""), SOURCE)


def without(name: str, *instead: tuple[str, ...]) -> Event:
    """The sample order without the tags of one name, and with others in their place."""
    return signed(*(tag for tag in TAGS if tag[0] != name), *instead)


def refusal(event: Event | Rumor) -> str:
    """The code with which an order is refused."""
    with pytest.raises(Unreadable) as unreadable:
        parse(event)
    return unreadable.value.code


@pytest.mark.parametrize(
    "order",
    [
        ORDER,
        MINIMAL,
        ORDER._replace(status="refunded", refund_id="r1"),
        ORDER._replace(status="refunded", refund_id=None),
        ORDER._replace(status="canceled"),
    ],
)
def test_an_order_survives_the_wire(order: PaidOrder) -> None:
    """As a signed event and as the rumor of a wrap, with and without its optional tags."""
    assert parse(sign(template(order, NOW), SOURCE)) == order
    assert parse(author(template(order, NOW), SOURCE.public)) == order


def test_unknown_tags_are_ignored() -> None:
    """A till may say more than we read, further `p` tags included."""
    assert parse(signed(*TAGS, ("waiter", "Ana"), ("p", SOURCE.public), ("client", "till", "1.0"))) == ORDER


@pytest.mark.parametrize(
    "name", ["a", "customer_pubkey", "order", "status", "amount", "paid_at", "payment", "table", "note"]
)
def test_a_singular_tag_that_is_there_twice_is_a_fault(name: str) -> None:
    """Two amounts, two customers or two order ids are refused; the first never wins."""
    repeated = next(tag for tag in TAGS if tag[0] == name)
    assert refusal(signed(*TAGS, repeated)) == "order-duplicate-tag"


@pytest.mark.parametrize(
    ("name", "instead", "code"),
    [
        ("a", (), "order-no-program"),
        ("a", (("a",),), "order-bad-program"),
        ("a", (("a", f"30023:{ISSUER.public}:cafe-sol"),), "order-bad-program"),
        ("a", (("a", f"37411:{ISSUER.public}:"),), "order-bad-program"),
        ("a", (("a", f"37411:{ISSUER.public}:Café"),), "order-bad-program"),
        ("p", (("p", SOURCE.public),), "order-wrong-issuer"),
        ("p", (("p",),), "order-wrong-issuer"),
        ("order", (), "order-no-id"),
        ("order", (("order",),), "order-no-id"),
        ("order", (("order", ""),), "order-no-id"),
        ("order", (("order", "x" * 129),), "order-no-id"),
        ("order", (("order", "7:refund"),), "order-ambiguous-id"),
        ("order", (("order", "7:refund:r1"),), "order-ambiguous-id"),
        ("order", (("order", "7:canceled"),), "order-ambiguous-id"),
        ("status", (), "order-bad-status"),
        ("status", (("status",),), "order-bad-status"),
        ("status", (("status", "Paid"),), "order-bad-status"),
        ("amount", (), "order-no-amount"),
        ("amount", (("amount",),), "order-bad-amount"),
        ("amount", (("amount", "12.50"),), "order-bad-amount"),
        ("amount", (("amount", "12,50", "EUR"),), "order-bad-amount"),
        ("amount", (("amount", "-1", "EUR"),), "order-bad-amount"),
        ("amount", (("amount", "1e9", "EUR"),), "order-bad-amount"),
        ("amount", (("amount", "NaN", "EUR"),), "order-bad-amount"),
        ("amount", (("amount", "", "EUR"),), "order-bad-amount"),
        ("amount", (("amount", "12", "euro"),), "order-bad-amount"),
        ("amount", (("amount", "12", "eur"),), "order-bad-amount"),
        ("paid_at", (), "order-no-time"),
        ("paid_at", (("paid_at", ""),), "order-bad-time"),
        ("paid_at", (("paid_at", "yesterday"),), "order-bad-time"),
        ("paid_at", (("paid_at", "1.5"),), "order-bad-time"),
        ("paid_at", (("paid_at", "9" * 30),), "order-bad-time"),
        ("customer_pubkey", (("customer_pubkey", ""),), "order-bad-customer"),
        ("customer_pubkey", (("customer_pubkey", "AB" * 32),), "order-bad-customer"),
        ("customer_pubkey", (("customer_pubkey", "npub1xyz"),), "order-bad-customer"),
        ("customer_pubkey", (("customer_pubkey", "f" * 64),), "order-bad-customer"),
        ("refund", (("refund", "r1"),), "order-bad-refund"),
        ("refund", (("refund", ""),), "order-bad-refund"),
        ("line", (("line",),), "order-bad-line"),
        ("line", (("line", "tax", "1", "EUR"),), "order-bad-line"),
        ("line", (("line", "tip", "1"),), "order-bad-line"),
        ("item", (("item", "x", "1"),), "order-bad-item"),
        ("item", (("item", "", "1", "1", "EUR"),), "order-bad-item"),
        ("item", (("item", "x", "-1", "1", "EUR"),), "order-bad-item"),
        ("item", (("item", "x", "1", "1", "?"),), "order-bad-item"),
        ("payment", (("payment",),), "order-bad-payment"),
        ("payment", (("payment", "iou"),), "order-bad-payment"),
        ("payment", (("payment", "cash", "x" * 1_001),), "order-text-too-long"),
        ("note", (("note", "x" * 1_001),), "order-text-too-long"),
        ("table", (("table", ""),), "order-text-too-long"),
    ],
)
def test_each_fault_has_its_code(name: str, instead: tuple[tuple[str, ...], ...], code: str) -> None:
    """What a till gets wrong is told apart, because the code is its answer."""
    assert refusal(without(name, *instead)) == code


def test_a_customer_nobody_can_be_is_refused_at_the_door() -> None:
    """A key on no point of the curve cannot be encrypted to: without this check its wrap would fail for ever."""
    assert refusal(without("customer_pubkey", ("customer_pubkey", "0" * 64))) == "order-bad-customer"


def test_another_kind_is_no_order() -> None:
    """The kind is checked before anything else."""
    assert refusal(signed(*TAGS, kind=7411)) == "order-wrong-kind"


def test_an_order_without_a_receiver_is_read() -> None:
    """Inside a wrap a till may leave `p` out: the program's address names the issuer already."""
    assert parse(without("p")) == ORDER


def test_the_source_is_the_author_and_nobody_else() -> None:
    """Whoever signs is the source, whatever the tags say."""
    assert parse(sign(template(ORDER, NOW), ISSUER)).source == ISSUER.public
