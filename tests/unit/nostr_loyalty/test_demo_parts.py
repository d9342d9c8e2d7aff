"""The demo's parts that decide what is right: script, book and read-back."""

import os
import random
from collections import Counter
from dataclasses import replace

import pytest

from kinds import direct_message, gift_wrap, nip44
from kinds import order as orders
from kinds.event import Event, Template, author, sign
from nostr_loyalty.demo.book import Book
from nostr_loyalty.demo.cast import PRICE, REWARD, new_cast
from nostr_loyalty.demo.letters import Letter
from nostr_loyalty.demo.readback import read_back
from nostr_loyalty.demo.script import ROUND, Act, Script

NOW = 1_750_000_000


def acts(number: int, seed: int = 1) -> tuple[Script, list[Act]]:
    """A script and its first acts."""
    script = Script(new_cast(), random.Random(seed))
    return script, [script.next(NOW + turn) for turn in range(number)]


def test_three_rounds_hold_everything_that_can_happen() -> None:
    """Wrapped and plain, repeated, refunded in whole and in half, canceled, without a customer, by a stranger."""
    remarks = Counter(act.remark for act in acts(3 * ROUND)[1])
    assert remarks["the same order again"] == remarks["no customer named"] == remarks["sent by a stranger"] == 3
    assert remarks["refunded"] == remarks["half of it refunded"] == remarks["canceled"] == 1


def test_private_orders_are_always_wrapped() -> None:
    """Bug 61: the till of the private venue sends nothing in clear, in any of 1,000 turns."""
    _, played = acts(1000)
    assert all(act.wrapped for act in played if act.venue.is_private)
    assert any(not act.wrapped for act in played)


def test_a_repeat_is_a_new_message() -> None:
    """Bug 1: what is sent again has a new id, as a till's retry has, and is still the same order."""
    _, played = acts(4)
    first, again = played[2], played[3]
    assert again.order == first.order
    templates = [orders.template(act.order, act.created_at) for act in (first, again)]
    assert len({author(each, act.author.public).id for each, act in zip(templates, (first, again), strict=True)}) == 2


def test_the_book_counts_by_hand() -> None:
    """29,900 sat at 1,000 are 29 points; half of it refunded leaves 15, the repeat changes nothing."""
    cast, book = new_cast(), Book()
    _, played = acts(3)
    sale = next(act for act in played if act.venue.is_private and act.guest is not None)
    sale = _with(sale, minor=29_900)
    assert book.note(sale, "a").points == 29
    assert book.note(sale, "b").result == "duplicate"
    assert book.note(_with(sale, minor=14_950, status="refunded"), "c").points == -14
    assert sale.guest is not None
    assert book.balance(sale.guest) == 15
    assert book.entries[sale.guest.key.public] == 2
    assert cast.guests


def _with(act: Act, *, minor: int, status: str = "paid") -> Act:
    return replace(act, minor=minor, order=act.order._replace(status=status))


def differences(events: list[Event], script: Script, book: Book) -> str:
    """What the check objects to."""
    return "\n".join(one.sentence for one in read_back(events, script._cast, book) if not one.holds)


def test_an_empty_relay_is_a_difference() -> None:
    """Orders that led to nothing: no definitions, no entries, no answers, each said."""
    script, played = acts(2)
    book = Book()
    for number, act in enumerate(played):
        book.note(act, str(number))
    said = differences([], script, book)
    assert "no definition of Café Sol" in said
    assert "should have 1 entries, and 0 were found" in said
    assert "answered 0 times" in said


def test_a_private_guest_in_clear_is_a_difference() -> None:
    """Bug 61: the key, an order id or an amount of the private venue in any readable place is found."""
    script, played = acts(1)
    (act,) = played
    assert act.guest is not None
    book, pubkey = Book(), act.guest.key.public
    book.note(act, "a")
    loud = act.venue.issuer
    leaks = (
        Template(1, NOW, (), f"thanks to {pubkey}"),
        Template(37412, NOW, (("d", f"cafe-sol:{pubkey}"),), ""),
        Template(1059, NOW, (("p", loud.public), ("x", pubkey)), ""),
        Template(1, NOW, (("order", act.order.order_id),), ""),
        Template(1, NOW, (("amount", act.order.amount.decimal, "sat"),), ""),
    )
    for leak in leaks:
        assert "in clear" in differences([sign(leak, loud)], script, book), leak
    rumor = author(Template(1, NOW, (), act.order.order_id), loud.public)
    conversation = nip44.conversation_key(loud, pubkey)
    sealed = gift_wrap.gift_wrap(rumor, loud, pubkey, conversation, seed=os.urandom(32), now=NOW)
    assert "in clear" not in differences([sealed], script, book)


def test_the_book_knows_what_letters_do() -> None:
    """A claimed receipt is its claimant's and may make a regular; a reward takes its price and one entry, its use none;
    who was a regular stays one when points are taken back.
    """
    book = Book()
    sale = next(act for act in acts(ROUND)[1] if act.venue.is_private and act.guest is None)
    guest = sale.venue.guests[0]
    book.note(_with(sale, minor=31_000), "a")
    assert (book.balance(guest), book.regulars) == (0, set())
    claim = Letter(sale.venue, guest.key, guest.name, guest, "claim", "CODE", sale.order.order_id)
    redeem = Letter(sale.venue, guest.key, guest.name, guest, "redeem", REWARD)
    use = Letter(sale.venue, sale.venue.barista, "barista", guest, "use", "VOUCHER")
    assert [book.write(letter, str(number)) for number, letter in enumerate((claim, redeem, use))] == [1, 2, 2]
    assert (book.balance(guest), book.regulars) == (31 - PRICE, {guest.key.public})
    book.note(_with(replace(sale, guest=guest), minor=31_000, status="refunded"), "b")
    assert (book.balance(guest), book.regulars) == (-PRICE, {guest.key.public})


def replied(letter: Letter, message_id: str, code: str, voucher: str | None = None) -> Event:
    """An issuer's answer to a letter, in its wrap."""
    issuer, to = letter.venue.issuer, letter.author.public
    tags = [("e", message_id, "", "reply"), ("answer", code), *([("voucher", voucher)] if voucher else [])]
    rumor = direct_message.compose(issuer.public, [to], "as you wish", tags, NOW)
    conversation = nip44.conversation_key(issuer, to)
    return gift_wrap.gift_wrap(rumor, issuer, to, conversation, seed=os.urandom(32), now=NOW)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ((), "was answered by nobody"),
        (("points-missing",), "was answered points-missing"),
        (("done", "done"), "was answered done, done"),
        (("done",), "do not name the codes"),
    ],
)
def test_a_letter_that_came_to_something_else_is_a_difference(codes: tuple[str, ...], said: str) -> None:
    """Not answered, refused, answered twice, or a code that is on no entry: each is said."""
    script, _ = acts(1)
    venue, book = script._cast.venues[0], Book()
    guest = venue.guests[0]
    letter = Letter(venue, guest.key, guest.name, guest, "redeem", REWARD)
    book.write(letter, "ab" * 32)
    assert said in differences([replied(letter, "ab" * 32, code, "CODE") for code in codes], script, book)


def test_a_message_that_cannot_be_read_is_a_difference() -> None:
    """Rubbish in a wrap to a guest ends the check with a sentence and no traceback."""
    script, played = acts(1)
    (act,) = played
    assert act.guest is not None
    rubbish = sign(Template(1059, NOW, (("p", act.guest.key.public),), "rubbish"), act.venue.issuer)
    assert "cannot be read" in differences([rubbish], script, Book())
