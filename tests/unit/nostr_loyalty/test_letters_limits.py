"""Limits of operators' hands, and what exceeds them: it waits for an owner's `confirm <code>`, a day at most."""

import re
from pathlib import Path

import pytest

from kinds import gift_wrap
from kinds.tags import value
from nostr_loyalty.letters.confirming import VALID_S
from tests.unit.nostr_loyalty.correspondence import Answered, answered, letter
from tests.unit.nostr_loyalty.house import House, house, npub
from tests.unit.nostr_loyalty.served import rules, table

_CODE = re.compile(r"confirm (\S+?)”")


def code_told_to(place: House, owner: str) -> str:
    """The code in what an owner was told of the last letter."""
    (text,) = place.heard(owner)
    found = _CODE.search(text)
    assert found is not None, text
    return found[1]


async def asked(place: House, text: str = "grant {guest} 500 for the band", who: str = "manager") -> str:
    """A command above its asker's limit, and the code that would allow it."""
    answer = await place.says(who, text)
    assert answer.code == "waits-for-owner", answer.text
    return code_told_to(place, "owner")


async def test_up_to_the_limit_nobody_is_asked(tmp_path: Path) -> None:
    """So many points and so many times a day, and again tomorrow; another one's limit is another one's."""
    async with house(tmp_path, manager={"points": 100, "count": 2}) as place:
        assert await place.code("manager", "grant {guest} 60") == "done"
        assert await place.code("manager", "revoke {guest} 40") == "done"
        assert await place.code("manager", "grant {guest} 1") == "waits-for-owner"
        assert await place.code("owner", "grant {guest} 1000") == "done"
        place.served.later(days=1)
        assert await place.code("manager", "grant {guest} 100") == "done"
        assert await place.code("manager", "grant {guest} 1") == "waits-for-owner"
        await place.served.assert_clean()


async def test_an_owner_confirms(tmp_path: Path) -> None:
    """Both owners get the code, the asker does not; confirmed by one it is done as the asker's, with its reason."""
    async with house(tmp_path, manager={"points": 100}) as place:
        before = await place.entries()
        answer = await place.says("manager", "grant {guest} 500 for the band")
        assert (answer.code, await place.entries()) == ("waits-for-owner", before)
        code = code_told_to(place, "owner")
        assert code_told_to(place, "partner") == code
        assert place.heard("manager") == []
        assert code not in answer.text + str(answer.tags)
        (told,) = place.heard("owner")
        assert "grant" in told
        assert "500" in told
        assert "for the band" in told
        done = await place.says("partner", f"confirm {code}")
        assert (done.code, done.tag("points"), done.tag("balance")) == ("done", "+500", "560")
        entry = (await place.served.chain())[-1]
        assert (entry.by, entry.text) == (place.manager.public, "for the band")
        assert place.heard("guest") == ["+500 points at Café Sol: for the band. Balance 560."]
        assert await place.code("manager", "undo") == "done"
        await place.served.assert_clean()


async def test_a_code_is_good_once(tmp_path: Path) -> None:
    """Bug 9: a second owner comes too late, and so does the same one."""
    async with house(tmp_path, manager={"points": 100}) as place:
        code = await asked(place)
        assert await place.code("owner", f"confirm {code}") == "done"
        assert await place.code("owner", f"confirm {code}") == "confirm-over"
        assert await place.code("partner", f"confirm {code}") == "confirm-over"
        assert await place.served.moved() == [40, 20, 500]


async def test_a_code_is_good_for_a_day(tmp_path: Path) -> None:
    """To the second; afterwards nothing moves."""
    async with house(tmp_path, manager={"points": 100}) as place:
        first, second = await asked(place), await asked(place, "grant {guest} 501")
        place.served.later(seconds=VALID_S - 2)
        assert await place.code("owner", f"confirm {second}") == "done"
        place.served.later(seconds=1)
        assert await place.code("owner", f"confirm {first}") == "confirm-over"
        assert await place.served.moved() == [40, 20, 501]


@pytest.mark.parametrize("who", ["manager", "staff", "guest", "stranger"])
async def test_only_owners_confirm(tmp_path: Path, who: str) -> None:
    """Bug 62: the right code by anybody else moves nothing, and stays good."""
    async with house(tmp_path, manager={"points": 100}) as place:
        code = await asked(place)
        operators = ("manager", "staff")
        refused = "role-not-allowed" if who in operators else "command-not-allowed"
        assert await place.code(who, f"confirm {code}") == refused
        assert await place.served.moved() == [40, 20]
        assert await place.code("owner", f"confirm {code}") == "done"


async def test_nobody_confirms_its_own(tmp_path: Path) -> None:
    """An owner with a limit needs the other owner."""
    async with house(tmp_path, "private", table("hand", points=100)) as place:
        answer = await place.says("owner", "grant {guest} 500")
        assert answer.code == "waits-for-owner"
        assert place.heard("owner") == []
        code = code_told_to(place, "partner")
        assert await place.code("owner", f"confirm {code}") == "confirm-unknown"
        assert await place.code("partner", f"confirm {code}") == "done"


async def test_without_another_owner_it_is_refused(tmp_path: Path) -> None:
    """A sole owner with a limit of its own is told the limit, and nothing waits."""
    async with house(tmp_path) as place:
        pass
    sole = table("operator", key=place.owner.public, role="owner", points=100)
    async with place.served.with_rules(sole) as served:
        alone = place._replace(served=served)
        assert await alone.code("owner", "grant {guest} 500") == "hand-limit-points"
        async with served.database.read() as r:
            assert await r.rows("SELECT * FROM confirmation") == []


async def test_a_code_of_nothing(tmp_path: Path) -> None:
    """A wrong code, in whatever letters, confirms nothing; the right one may be written as people write."""
    async with house(tmp_path, manager={"points": 100}) as place:
        code = await asked(place)
        assert await place.code("owner", "confirm 0000-0000-0000-0000") == "confirm-unknown"
        assert await place.code("owner", f"confirm {code.lower().replace('-', ' ')}") == "done"


async def test_what_is_refused_when_it_is_confirmed(tmp_path: Path) -> None:
    """Somebody who was an operator yesterday and is none any more: the owner's word does not bring it back."""
    async with house(tmp_path, manager={"points": 100}) as place:
        code = await asked(place)
    place.served.venue.extra = rules(operators=[place.owner.public])
    place.served.venue.write_config()
    async with place.served.again() as served:
        later = place._replace(served=served)
        assert await later.code("owner", f"confirm {code}") == "command-not-allowed"
        assert await served.moved() == [40, 20]


@pytest.mark.parametrize(
    "text", ["revoke {guest} 101", "grant {stranger} 101", "revoke order order-1 101 twice", "grant order order-2 400"]
)
async def test_what_waits(tmp_path: Path, text: str) -> None:
    """Grants and revocations, however the guest was named, are done as they were asked for."""
    async with house(tmp_path, manager={"points": 100}) as place:
        code = await asked(place, text)
        assert await place.code("owner", f"confirm {code}") == "done"
        await place.served.assert_clean()


async def test_a_limit_of_zero(tmp_path: Path) -> None:
    """A manager who may give nothing by itself asks every time; what moves no points of its own knows no limit."""
    async with house(tmp_path, manager={"count": 0}) as place:
        for text in ("grant {guest} 1", "revoke {guest} 1", "redeem {guest} coffee"):
            assert await place.code("manager", text) == "waits-for-owner"
        for text in ("balance {guest}", "history {guest}", "report"):
            assert await place.code("manager", text) == "answered"


async def test_the_asker_is_told(tmp_path: Path) -> None:
    """Whoever asked hears what came of it, as the answer to its own letter: at the till the code is needed."""
    async with house(tmp_path, staff={"count": 0}) as place:
        served = place.served
        event = letter(
            place.staff, f"redeem {npub(place.guest)} coffee", to=served.venue.issuer.public, at=served.clock.now()
        )
        await served.post(place.staff, event)
        code = code_told_to(place, "owner")
        done = await place.says("owner", f"confirm {code}")
        ((wrap, promised),) = [one for one in served.others if value(one[0].tags, "p") == place.staff.public]
        told = answered(wrap, place.staff)
        assert promised.label == "letter"
        assert told.tag("e") == gift_wrap.unwrap(event, served.venue.issuer).id
        assert (told.code, told.tag("voucher")) == ("done", done.tag("voucher"))
        assert str(done.tag("voucher")) in told.text
        assert await place.code("staff", f"use {told.tag('voucher')}") == "done"


async def test_the_old_form_asks_too(tmp_path: Path) -> None:
    """Asked by kind 4, the owners still get the code in a wrap."""
    async with house(tmp_path, manager={"points": 100}, nip04=True) as place:
        answer: Answered = await place.says("manager", "grant {guest} 500", nip04=True)
        assert answer.carrier.kind == 4
        assert await place.code("owner", f"confirm {code_told_to(place, 'owner')}") == "done"
