"""Old letters and lapsed confirmations are forgotten, and what was forgotten has no second effect."""

from pathlib import Path

import pytest

from kinds import direct_message
from kinds.keys import npub_encode
from ledger import inbox
from ledger.inbox import Seen
from nostr_loyalty.letter_path import SILENT_S
from nostr_loyalty.upkeep import outlived
from nostr_loyalty.upkeep.outlived import LETTERS_KEPT_S, Outlived
from tests.unit.nostr_loyalty.correspondence import wrapped
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key

DAY_S = 86_400


async def codes(served: Served) -> dict[str, int]:
    """What the inbox remembers: how many of each code."""
    async with served.database.read() as r:
        return await inbox.counts(r)


async def days_pass(place: House, days: int) -> None:
    """Some days, at whose end somebody writes and the sweep comes."""
    place.served.later(days=days)
    await place.served.write(new_key(), "help")
    await place.served.sweep()


async def test_a_letter_that_was_forgotten_has_no_second_effect(tmp_path: Path) -> None:
    """A relay that gives it again, in another wrap, moves nothing and is not even answered; before that the inbox knew
    it. Orders, refused ones too, are remembered for ever.
    """
    async with house(tmp_path) as place:
        served, issuer, at = place.served, place.served.venue.issuer.public, place.served.clock.now()
        refused = served.venue.order("order-9", place.guest.public, ("1000", "sat"), at=at + 5_000)
        await served.deliver(refused)
        text = f"grant {npub_encode(place.guest.public)} 7"
        rumor = direct_message.compose(place.manager.public, [issuer], text, (), at)
        (said,) = await served.post(place.manager, wrapped(place.manager, rumor, issuer, at))
        assert (said.code, await served.balance()) == ("done", 67)
        before = await codes(served)
        for days in (44, 1, 14):
            await days_pass(place, days)
            assert await served.post(place.manager, wrapped(place.manager, rumor, issuer, at)) == []
        assert (await codes(served))["letter-answered"] == 4
        await days_pass(place, 2)
        after = await codes(served)
        assert after["letter-answered"] == 4, "one came, and the manager's went"
        assert {code: after[code] for code in before if not code.startswith("letter")} == {
            code: count for code, count in before.items() if not code.startswith("letter")
        }
        assert await served.post(place.manager, wrapped(place.manager, rumor, issuer, at)) == []
        assert (await codes(served))["letter-unanswered"] == 1
        assert await served.take(refused) == []
        assert await served.balance() == 67
        await served.assert_clean()


@pytest.mark.parametrize(("age", "answers"), [(SILENT_S, 1), (SILENT_S + 1, 0)])
async def test_a_letter_is_answered_until_it_is_forty_five_days_old(tmp_path: Path, age: int, answers: int) -> None:
    """Its writer is told that it came too late; of what is older nobody hears anything."""
    async with house(tmp_path) as place:
        found = await place.served.write(place.guest, "redeem coffee", at=place.served.clock.now() - age)
        assert [one.code for one in found] == ["command-too-old"] * answers


async def test_a_clock_that_is_ahead_forgets_nothing(tmp_path: Path) -> None:
    """How old a letter is, is told by those that came after it, not by our clock alone."""
    async with house(tmp_path) as place:
        served = place.served
        await place.says("guest", "balance")
        served.later(days=400)
        await served.sweep()
        served.later(days=-400)
        assert (await codes(served))["letter-answered"] == 1


async def test_only_a_few_are_looked_at_in_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, also of one second: some with each sweep, and in the end all; the others stay."""
    monkeypatch.setattr(outlived, "LOOKED_AT", 3)
    monkeypatch.setattr(outlived, "BATCHES_MAX", 2)
    async with Served(tmp_path) as served:
        now = served.clock.now()
        old, fresh = now - LETTERS_KEPT_S - DAY_S, now - LETTERS_KEPT_S
        rows = [Seen(f"{at:064x}", old + at // 5, "order-taken" if at % 4 == 0 else "letter-answered", now)
                for at in range(40)]  # fmt: skip
        kept = [Seen(f"{100 + at:064x}", at, "letter-unanswered", now) for at in (fresh, now)]
        async with served.database.write() as w:
            await inbox.record(w, [*rows, *kept])
        forgetting, sweeps = Outlived(served.database), 0
        while await forgetting.forget(now):
            sweeps += 1
            assert sweeps < 20
        assert sweeps > 3
        assert await codes(served) == {"order-taken": 10, "letter-unanswered": 2}
        assert await forgetting.forget(now) == 0


async def test_a_command_that_waited_is_forgotten_a_month_after_it_lapsed(tmp_path: Path) -> None:
    """Until then its code is answered with the reason, afterwards there is no such code, nor what was asked."""
    async with house(tmp_path, manager={"points": 10}) as place:
        served = place.served
        assert await place.code("manager", "grant {guest} 50") == "waits-for-owner"
        told = place.heard("owner")
        code = next(word for text in told for word in text.split() if word.count("-") == 3).strip('“”."')
        await days_pass(place, 30)
        assert await place.code("owner", f"confirm {code}") == "confirm-over"
        await days_pass(place, 2)
        assert await place.code("owner", f"confirm {code}") == "confirm-unknown"
        async with served.database.read() as r:
            assert await r.rows("SELECT count(*) FROM confirmation") == [(0,)]
        assert await served.balance() == 60
