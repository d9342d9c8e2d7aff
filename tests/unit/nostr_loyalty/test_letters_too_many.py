"""Too many letters of one key: what is asked has to wait and is told so once; what is done is always done."""

from pathlib import Path

from kinds.keys import SecretKey
from tests.unit.nostr_loyalty.correspondence import Answered, letter, wish
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import reward


async def asks(place: House, key: SecretKey, number: int, text: str = "help") -> list[Answered]:
    """What is answered to so many questions of one moment."""
    to, at = place.served.venue.issuer.public, place.served.clock.now()
    return await place.served.post(key, *[letter(key, f"{text} {one}", to=to, at=at) for one in range(number)])


def codes(answers: list[Answered]) -> list[str | None]:
    """What became of the letters."""
    return [answer.code for answer in answers]


async def test_too_many_questions(tmp_path: Path) -> None:
    """A key gets twenty answers at once and then one a minute; it is told once when the next one comes, and then no
    more for ten minutes; an operator is always answered.
    """
    async with house(tmp_path) as place:
        served = place.served
        answers = await asks(place, place.guest, 25)
        assert codes(answers) == ["answered"] * 20 + ["too-many-letters"]
        assert "ask again in 1 min" in answers[-1].text
        assert "redeem" in answers[-1].text
        assert served.path.dropped["too-many-letters"] == 5
        served.later(minutes=3)
        assert codes(await asks(place, place.guest, 25)) == ["answered"] * 3
        served.later(minutes=10)
        assert codes(await asks(place, place.guest, 25)) == ["answered"] * 10 + ["too-many-letters"]
        assert codes(await asks(place, place.owner, 25)) == ["answered"] * 25


async def test_what_a_guest_does_is_done_all_the_same(tmp_path: Path) -> None:
    """A wallet that asks for the balance all day locks its owner out of nothing: not out of redeeming, cancelling,
    claiming, choosing and being forgotten.
    """
    async with house(tmp_path, "private", reward("tea", 1)) as place:
        (receipt,) = await place.served.take(place.served.order("receipt", "8000", customer=None))
        await asks(place, place.guest, 30, "history")
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        for text, became in (
            (f"cancel {code}", "done"), (f"claim {receipt.claim}", "done"), ("feedback It was good.", "done"),
            ("share public", "answered"), ("share private", "answered"), ("notify important", "answered"),
            ("badge on", "answered"), ("language es", "answered"), ("language en", "answered"),
            ("refer {stranger}", "done"), ("forget me", "forget-confirm"), ("forget me yes", "forgotten"),
        ):  # fmt: skip
            assert await place.code("guest", text) == became, text


async def test_a_wish_without_words_is_heard_too(tmp_path: Path) -> None:
    """A 7413 is what somebody does."""
    async with house(tmp_path) as place:
        await asks(place, place.guest, 30)
        served = place.served
        to, at = served.venue.issuer.public, served.clock.now()
        event = wish(place.guest, served.program.address, "coffee", to=to, at=at)
        assert codes(await served.post(place.guest, event)) == ["done"]


async def test_a_loop_of_deeds_ends(tmp_path: Path) -> None:
    """Two hundred at once, then ten a minute; it is told once that the rest was not done."""
    async with house(tmp_path) as place:
        answers = await asks(place, place.guest, 205, "redeem no-such-thing")
        assert codes(answers) == ["reward-unknown"] * 200 + ["too-many-letters"]
        assert answers[-1].text.endswith("nothing was done about your last message. (write again in 1 min)")
        place.served.later(minutes=1)
        assert codes(await asks(place, place.guest, 15, "redeem nothing-either")) == ["reward-unknown"] * 10


async def test_a_stranger_has_the_small_allowance_for_all(tmp_path: Path) -> None:
    """Who has no card gets twenty answers, whatever it wants, and is told so."""
    async with house(tmp_path) as place:
        answers = await asks(place, place.stranger, 25, "redeem no-such-thing")
        assert codes(answers) == ["customer-unknown"] * 20 + ["too-many-letters"]
        assert "redeem" not in answers[-1].text
