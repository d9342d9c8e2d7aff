"""The forms that letters come in: mistyped ones, first ones, requests without words, kind 4, and too many."""

from pathlib import Path

import pytest

from kinds import gift_wrap, registry
from kinds.event import Template, author, rumor_json
from tests.unit.nostr_loyalty.correspondence import wish, wrapped
from tests.unit.nostr_loyalty.house import house, npub
from tests.unit.nostr_loyalty.served import reward
from tests.venue import new_key


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("blance", "balance"),
        ("reedem coffee", "redeem"),
        ("hlep", "help"),
        ("forget mee", "forget me"),
        ("xyzzy", None),
    ],
)
async def test_a_mistyped_command_is_not_guessed(tmp_path: Path, text: str, nearest: str | None) -> None:
    """The nearest command is named, and nothing is done; of what is like none a short help is given."""
    async with house(tmp_path) as place:
        await place.says("guest", "balance")
        answer = await place.says("guest", text)
        assert (f"Did you mean “{nearest}”?" in answer.text) == (nearest is not None)
        assert ("I understand only some words" in answer.text) == (nearest is None)
        assert await place.served.moved() == [40, 20]


async def test_what_is_wrong_with_a_command_is_said(tmp_path: Path) -> None:
    """With how it is written; a secret key is never repeated."""
    async with house(tmp_path) as place:
        answer = await place.says("owner", "grant {guest} many")
        assert "no number of points: many" in answer.text
        assert "grant <who> <points> [reason]" in answer.text
        secret = new_key().nsec()
        answer = await place.says("owner", f"grant {secret} 5")
        assert "Never send it to anybody" in answer.text
        assert secret[5:20] not in answer.text
        assert "2,000" in (await place.says("owner", "grant {guest} 2,000")).text
        assert await place.served.moved() == [40, 20]


@pytest.mark.parametrize("text", ["", " \n ", "…", "👍", "\x00", "x" * 5_000, "/", "grant", "redeem", "a\u202eb"])
async def test_whatever_is_written_is_answered(tmp_path: Path, text: str) -> None:
    """Unknown text gets a short help, not silence, and never a surprise."""
    async with house(tmp_path) as place:
        for who in ("owner", "guest", "stranger"):
            answers = await place.served.write(getattr(place, who), text)
            assert len(answers) == 1
            assert answers[0].text
        assert place.served.path.counts["set-aside"] == 0


FIRST = (
    "hello", "help", "help prove", "balance", "rewards", "history", "redeem coffee", "redeem moon",
    "use 0000-0000-0000-0000", "cancel 0000-0000-0000-0000", "claim 0000-0000-0000-0000", "share private",
    "notify off", "language en", "feedback It was good.", "refer {owner}", "prove member to {owner}",
    "grant {guest} 5", "redeem", "blance", "proof", "balance nobody@example.com",
)  # fmt: skip


@pytest.mark.parametrize("text", FIRST)
@pytest.mark.parametrize("who", ["guest", "stranger"])
async def test_the_welcome_comes_once(tmp_path: Path, who: str, text: str) -> None:
    """With the first message, whatever it is, and not with the next ones."""
    async with house(tmp_path, greeted=False) as place:
        first, second, third = [await place.says(who, each) for each in (text, text, "help")]
        assert first.text.startswith("Welcome to the loyalty program of Café Sol!")
        assert "1 point for every 1000 sat" in first.text
        assert "Welcome" not in second.text + third.text


async def test_the_welcome_comes_to_nobody_of_the_house(tmp_path: Path) -> None:
    """Operators know the program."""
    async with house(tmp_path) as place:
        for role in ("owner", "manager", "staff"):
            assert "Welcome" not in (await place.says(role, "help")).text


async def test_the_welcome_survives_a_restart(tmp_path: Path) -> None:
    """It is written down, of strangers too."""
    async with house(tmp_path, greeted=False) as place:
        for who in ("guest", "stranger"):
            assert "Welcome" in (await place.says(who, "help")).text
    async with place.served.again() as served:
        for key in (place.guest, place.stranger):
            (answer,) = await served.write(key, "hello again")
            assert "Welcome" not in answer.text


async def test_the_welcome_comes_alone_where_it_is_long(tmp_path: Path) -> None:
    """A message stays below 4 KB: a long welcome comes before the answer, as a message of its own."""
    many = [
        reward(f"reward-{number}", 10 + number, title="Größtes Stück Kuchen, " * 8 + "bitte") for number in range(60)
    ]
    async with house(tmp_path, "private", *many, greeted=False) as place:
        answers = await place.served.write(place.guest, "rewards")
        assert [answer.code for answer in answers] == ["welcome", "answered"]
        for answer in answers:
            assert len(rumor_json(gift_wrap.unwrap(answer.carrier, place.guest)).encode()) < 4_096
        assert len(await place.served.write(place.guest, "help")) == 1


async def test_a_wish_without_words_gives_a_code(tmp_path: Path) -> None:
    """The answer's tags have all that a client needs; the same request in another wrap moves nothing."""
    async with house(tmp_path) as place:
        served = place.served
        to, at = served.venue.issuer.public, served.clock.now()
        event = wish(place.guest, served.program.address, "coffee", to=to, at=at)
        (answer,) = await served.post(place.guest, event)
        assert (answer.code, answer.tag("points"), answer.tag("balance")) == ("done", "-10", "50")
        rumor = gift_wrap.unwrap(event, served.venue.issuer)
        assert answer.tag("e") == rumor.id
        assert await served.post(place.guest, wrapped(place.guest, rumor, to, at)) == []
        assert await place.code("staff", f"use {answer.tag('voucher')}") == "done"
        assert await served.moved() == [40, 20, -10]


async def test_a_wish_without_words_says_what_is_missing(tmp_path: Path) -> None:
    """By its code, and in words too; a request that has expired, or is for another program, moves nothing."""
    async with house(tmp_path) as place:
        served = place.served
        to, at, address = served.venue.issuer.public, served.clock.now(), served.program.address
        (answer,) = await served.post(place.guest, wish(place.guest, address, "cake", to=to, at=at))
        assert answer.code == "points-missing"
        (answer,) = await served.post(place.guest, wish(place.guest, address, "coffee", to=to, at=at, expiration=at))
        assert answer.code == "command-too-old"
        elsewhere = f"37411:{new_key().public}:cafe-sol"
        assert await served.post(place.guest, wish(place.guest, elsewhere, "coffee", to=to, at=at)) == []
        assert await served.moved() == [40, 20]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"a": None}, "a"),
        ({"a": "cafe-sol"}, "a"),
        ({"reward": None}, "reward"),
        ({"reward": ""}, "reward"),
        ({"nonce": None}, "nonce"),
        ({"expiration": None}, "expiration"),
        ({"expiration": "abc"}, "expiration"),
        ({"nonce": None, "expiration": "-1"}, "nonce, expiration"),
    ],
)
async def test_a_wish_that_cannot_be_read_is_answered(
    tmp_path: Path, change: dict[str, str | None], missing: str
) -> None:
    """Its developer learns what is missing; nothing moves."""
    async with house(tmp_path) as place:
        served = place.served
        to, at = served.venue.issuer.public, served.clock.now()
        said = {"a": served.program.address, "reward": "coffee", "nonce": "1", "expiration": str(at + 60), **change}
        tags = tuple((name, text) for name, text in said.items() if text is not None)
        rumor = author(Template(registry.REDEMPTION_REQUEST, at, tags, ""), place.guest.public)
        (answer,) = await served.post(place.guest, wrapped(place.guest, rumor, to, at))
        assert (answer.code, answer.tag("a")) == ("redemption-malformed", served.program.address)
        assert f"of another form: {missing}." in answer.text
        assert await served.moved() == [40, 20]


async def test_a_wish_without_words_is_for_the_author_only(tmp_path: Path) -> None:
    """A stranger without a card is told so."""
    async with house(tmp_path) as place:
        served = place.served
        to, at = served.venue.issuer.public, served.clock.now()
        (answer,) = await served.post(
            place.stranger, wish(place.stranger, served.program.address, "coffee", to=to, at=at)
        )
        assert answer.code == "customer-unknown"


async def test_the_old_form_is_answered_in_kind(tmp_path: Path) -> None:
    """A kind 4 by a kind 4, with the same effect as a wrap; and a wrap still by a wrap."""
    async with house(tmp_path, "private", nip04=True) as place:
        served = place.served
        (answer,) = await served.write(place.guest, "redeem coffee", nip04=True)
        assert answer.carrier.kind == 4
        assert answer.carrier.pubkey == served.venue.issuer.public
        assert "show" in answer.text
        assert await served.moved() == [40, 20, -10]
        (answer,) = await served.write(place.owner, f"grant {npub(place.guest)} 5", nip04=True)
        assert answer.text.startswith("+5 points")
        assert (await place.says("guest", "balance")).carrier.kind == 1059


async def test_the_old_form_is_not_read_elsewhere(tmp_path: Path) -> None:
    """Without `nip04 = true` a kind 4 moves nothing and is not answered: everybody would see who writes to whom."""
    async with house(tmp_path) as place:
        assert await place.served.write(place.owner, f"grant {npub(place.guest)} 5", nip04=True) == []
        assert place.served.others == []
        assert await place.served.moved() == [40, 20]
