"""Bug 62: forged authority never moves a point, whichever way it is forged; and old letters do nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinds import direct_message, gift_wrap, nip44
from kinds.event import Event, Rumor, Template, author, rumor_json, sign, to_json
from kinds.keys import SecretKey
from kinds.registry import GIFT_WRAP, SEAL
from tests.unit.nostr_loyalty.correspondence import answered, letter, old_letter, wish, wrapped
from tests.unit.nostr_loyalty.house import House, house, npub
from tests.unit.nostr_loyalty.served import Served, rules
from tests.venue import new_key

DAY_S = 86_400


async def nothing_moved(place: House, *events: Event) -> None:
    """These, as one batch and then each alone, move nothing and are answered to nobody."""
    served, before = place.served, await place.entries()
    await served.deliver(*events)
    for event in events:
        await served.deliver(event)
    assert await place.entries() == before
    assert await served.promises() == []
    await served.assert_clean()


def words(place: House, writer: SecretKey, text: str, at: int | None = None) -> Rumor:
    """What the owner could have written."""
    served = place.served
    at = served.clock.now() if at is None else at
    text = text.format(guest=npub(place.guest))
    return direct_message.compose(writer.public, [served.venue.issuer.public], text, (), at)


def sealed_by(place: House, forger: SecretKey, rumor: Rumor) -> Event:
    """A rumor in somebody's name, inside somebody else's seal."""
    issuer, at = place.served.venue.issuer.public, place.served.clock.now()
    content = nip44.encrypt(rumor_json(rumor), nip44.conversation_key(forger, issuer), os.urandom(32))
    return _wrap(place, sign(Template(SEAL, at, (), content), forger))


def _wrap(place: House, seal: Event) -> Event:
    issuer = place.served.venue.issuer.public
    return gift_wrap.wrap(seal, issuer, new_key(), nonce=os.urandom(32), created_at=seal.created_at)


async def test_a_seal_by_somebody_else(tmp_path: Path) -> None:
    """The rumor says owner, the seal's author is a guest: the seal counts, and the two differ."""
    async with house(tmp_path) as place:
        await place.served.promises()
        for forger in (place.guest, place.staff, new_key()):
            await nothing_moved(place, sealed_by(place, forger, words(place, place.owner, "grant {guest} 50")))
        assert place.served.path.counts["seal-author-differs"] == 3


async def test_a_seal_with_another_key_in_it(tmp_path: Path) -> None:
    """A seal whose author was exchanged after it was signed proves nothing."""
    async with house(tmp_path) as place:
        await place.served.promises()
        rumor = words(place, place.owner, "grant {guest} 50")
        issuer, at = place.served.venue.issuer.public, place.served.clock.now()
        content = nip44.encrypt(rumor_json(rumor), nip44.conversation_key(place.guest, issuer), os.urandom(32))
        seal = sign(Template(SEAL, at, (), content), place.guest)._replace(pubkey=place.owner.public)
        await nothing_moved(place, _wrap(place, seal))


async def test_a_rumor_with_another_id(tmp_path: Path) -> None:
    """An id does not commit to what somebody says it is of: the genuine letter with that id still counts."""
    async with house(tmp_path) as place:
        served = place.served
        await served.promises()
        genuine = words(place, place.owner, "grant {guest} 50")
        liar = words(place, place.guest, "balance")._replace(id=genuine.id)
        await nothing_moved(place, sealed_by(place, place.guest, liar))
        event = wrapped(place.owner, genuine, served.venue.issuer.public, served.clock.now())
        (answer,) = await served.post(place.owner, event)
        assert answer.code == "done"


async def test_a_letter_in_clear(tmp_path: Path) -> None:
    """A kind 14 is never signed: one that is, and a signed 7413, are not looked at."""
    async with house(tmp_path, nip04=True) as place:
        await place.served.promises()
        rumor = words(place, place.owner, "grant {guest} 50")
        event = sign(Template(rumor.kind, rumor.created_at, rumor.tags, rumor.content), place.owner)
        asked = gift_wrap.unwrap(
            wish(place.guest, place.served.program.address, "coffee", to=place.served.venue.issuer.public,
                 at=place.served.clock.now()), place.served.venue.issuer,
        )  # fmt: skip
        wished = sign(Template(asked.kind, asked.created_at, asked.tags, asked.content), place.guest)
        await nothing_moved(place, event, wished)


async def test_the_old_form_from_another_key(tmp_path: Path) -> None:
    """A kind 4 is its signer's: in the owner's name by another key it is a forgery, in its own a guest's."""
    async with house(tmp_path, nip04=True) as place:
        served, issuer = place.served, place.served.venue.issuer.public
        await served.promises()
        text, at = f"grant {npub(place.guest)} 50", served.clock.now()
        event = old_letter(place.guest, text, issuer, at)
        await nothing_moved(place, event._replace(pubkey=place.owner.public))
        (answer,) = await served.post(place.guest, event)
        assert "operators" in answer.text
        assert await served.moved() == [40, 20]
        genuine = old_letter(place.owner, text, issuer, at)
        await nothing_moved(place, genuine._replace(content=event.content))
        assert "+50" in (await served.post(place.owner, genuine))[0].text


async def test_the_old_form_inside_a_wrap(tmp_path: Path) -> None:
    """A kind 4 that is the rumor of a wrap is neither form; it does nothing."""
    async with house(tmp_path, nip04=True) as place:
        await place.served.promises()
        rumor = words(place, place.owner, "grant {guest} 50")
        kind4 = author(Template(4, rumor.created_at, rumor.tags, rumor.content), rumor.pubkey)
        await nothing_moved(place, wrapped(place.owner, kind4, place.served.venue.issuer.public, rumor.created_at))


async def test_the_same_rumor_in_a_new_wrap(tmp_path: Path) -> None:
    """Bug 51, 59: at once, in one batch, a month later, and after a restart, it counts once."""
    async with house(tmp_path) as place:
        served = place.served
        rumor = words(place, place.owner, "grant {guest} 50")
        issuer, at = served.venue.issuer.public, served.clock.now()

        def again() -> Event:
            return wrapped(place.owner, rumor, issuer, at)

        assert len(await served.post(place.owner, again(), again(), again())) == 1
        await nothing_moved(place, again(), again())
        served.later(days=30)
        await nothing_moved(place, again())
        assert await served.moved() == [40, 20, 50]
    async with place.served.again() as served:
        await nothing_moved(place._replace(served=served), again())


async def test_the_same_kind_4_twice(tmp_path: Path) -> None:
    """By its event id, once."""
    async with house(tmp_path, nip04=True) as place:
        served = place.served
        event = old_letter(place.owner, f"grant {npub(place.guest)} 50", served.venue.issuer.public, served.clock.now())
        assert len(await served.post(place.owner, event, event)) == 1
        await nothing_moved(place, event)


@pytest.mark.parametrize("nip04", [False, True], ids=["wrap", "kind-4"])
@pytest.mark.parametrize(
    "text",
    ["grant {guest} 50", "revoke {guest} 5", "redeem {guest} coffee", "refund order-1", "freeze {guest}", "undo",
     "pause", "confirm 0000-0000-0000-0000", "balance {guest}", "report"],
)  # fmt: skip
async def test_old_letters_and_letters_from_the_future(tmp_path: Path, text: str, nip04: bool) -> None:
    """Older than 14 days or more than 10 minutes ahead nothing is done, and its author is told why."""
    async with house(tmp_path, nip04=True) as place:
        before = await place.entries()
        for age, sentence in ((14 * DAY_S + 1, "sent too long ago"), (-601, "dated in the future")):
            at = place.served.clock.now() + 1 - age  # a second passes with each letter
            assert sentence in (await place.says("owner", text, at=at, nip04=nip04)).text
        assert await place.entries() == before
        async with place.served.database.read() as r:
            assert await r.rows("SELECT paused FROM program") == [(0,)]
        assert (await place.served.standing()).frozen == 0


@pytest.mark.parametrize(
    "text",
    ["redeem coffee", "share public", "share private", "forget me yes", "notify off", "badge on", "language es",
     "feedback hi", "prove points 1 to {owner}"],
)  # fmt: skip
async def test_old_choices(tmp_path: Path, text: str) -> None:
    """What a guest chose two weeks ago, and a relay brings now, undoes nothing that it has chosen since."""
    async with house(tmp_path) as place:
        standing = await place.served.standing()
        now = place.served.clock.now()
        assert await place.code("guest", text, at=now - 14 * DAY_S - 60) == "command-too-old"
        assert await place.code("guest", text, at=now + 700) == "command-from-the-future"
        assert await place.served.standing() == standing
        assert place.served.others == []


async def test_just_in_time(tmp_path: Path) -> None:
    """Fourteen days and ten minutes are still heard: a phone without a network, a clock that is fast."""
    async with house(tmp_path) as place:
        now = place.served.clock.now() + 1
        assert await place.code("owner", "grant {guest} 1", at=now - 14 * DAY_S) == "done"
        assert await place.code("owner", "grant {guest} 2", at=now + 601) == "done"


async def test_a_customer_who_says_to_be_an_operator(tmp_path: Path) -> None:
    """Tags, names and titles in a letter give no authority."""
    async with house(tmp_path) as place:
        tags = [
            ("p", place.owner.public),
            ("role", "owner"),
            ("by", place.owner.public),
            ("a", place.served.program.address),
        ]
        for text in ("grant {guest} 50", "owner: grant {guest} 50", "cafe-sol grant {guest} 50"):
            answer = await place.says("guest", text, tags=tags)
            assert answer.code in ("command-not-allowed", "answered")
        assert await place.served.moved() == [40, 20]


async def test_who_was_an_operator(tmp_path: Path) -> None:
    """Authority is what the configuration says now, not when the letter was written."""
    async with house(tmp_path) as place:
        pass
    place.served.venue.extra = rules(operators=[npub(place.partner)])
    place.served.venue.write_config()
    async with place.served.again() as served:
        later = place._replace(served=served)
        for role in ("owner", "manager", "staff"):
            assert await later.code(role, "grant {guest} 50") == "command-not-allowed"
        assert await later.code("partner", "grant {guest} 50") == "done"


async def test_a_till_is_no_operator(tmp_path: Path) -> None:
    """An order system's key reports orders; by letter it grants nothing. An operator's key reports no orders."""
    async with house(tmp_path) as place:
        assert await place.code(place.served.venue.till, "grant {guest} 50") == "command-not-allowed"
        place.served.venue.till = place.owner
        (answer,) = await place.served.take(place.served.order("order-9"))
        assert answer.reason == "source-not-listed"


async def test_a_letter_to_another_key(tmp_path: Path) -> None:
    """A wrap for somebody else, though its `p` names us, cannot be opened and moves nothing."""
    async with house(tmp_path) as place:
        await place.served.promises()
        event = letter(place.owner, f"grant {npub(place.guest)} 5", to=new_key().public, at=place.served.clock.now())
        await nothing_moved(place, event)
        tags = (("p", place.served.venue.issuer.public),)
        await nothing_moved(place, sign(Template(GIFT_WRAP, event.created_at, tags, event.content), new_key()))


async def test_a_forgery_does_not_shadow_the_letter(tmp_path: Path) -> None:
    """Bug 66: a tampered copy of a wrap comes first, with its id; the genuine one still counts."""
    async with house(tmp_path) as place:
        served = place.served
        await served.promises()
        event = letter(
            place.owner, f"grant {npub(place.guest)} 5", to=served.venue.issuer.public, at=served.clock.now()
        )
        await nothing_moved(
            place, event._replace(content=event.content[:-8] + "AAAAAAA="), event._replace(sig="0" * 128)
        )
        assert [answer.code for answer in await served.post(place.owner, event)] == ["done"]


@pytest.mark.parametrize("nip04", [False, True], ids=["wrap", "kind-4"])
async def test_a_surprise_harms_no_other_letter(tmp_path: Path, nip04: bool) -> None:
    """A letter that meets a mistake of ours is set aside, and answered when it is taken up again; those before and
    after it are answered at once.
    """
    owner = new_key()
    async with Served(tmp_path, "private", extra=rules(operators=[npub(owner)], nip04=nip04)) as served:
        path = served.path._letters
        assert path is not None
        take = path.take

        async def surprised(w: object, one: object, *more: object) -> object:
            if "help redeem" in one.text:  # type: ignore[attr-defined] # it is a letter
                raise RuntimeError("a mistake of ours")
            return await take(w, one, *more)  # type: ignore[arg-type] # as it came

        path.take = surprised  # type: ignore[method-assign,assignment] # for this test
        to, at, guest = served.venue.issuer.public, served.clock.now(), npub(served.guest)
        texts = (f"grant {guest} 1", "help redeem", f"grant {guest} 2")
        answers = await served.post(owner, *(letter(owner, text, to=to, at=at, nip04=nip04) for text in texts))
        assert sorted(answer.text[:9] for answer in answers) == ["+1 point ", "+2 points"]
        assert served.path.counts["set-aside"] == 1
        path.take = take  # type: ignore[method-assign] # as it was
        assert await served.path.retry_aside() == 1
        ((event, _),) = await served.sealed()
        assert "redeem <who> <reward>" in answered(event, owner).text


def test_all_of_an_event_is_signed() -> None:
    """What these tests change about an event is covered by its signature: otherwise they would show nothing."""
    event = sign(Template(4, 1, (("p", "0" * 64),), "x"), new_key())
    assert to_json(event) != to_json(event._replace(content="y"))
