"""`pause` and `resume` by message: what orders meet, what the definition says, and that a restart keeps it."""

from pathlib import Path

import pytest

from kinds import program
from kinds.event import rumor_from_canonical
from kinds.program import Program
from kinds.tags import value
from tests.unit.nostr_loyalty.house import TABLES, house, npub
from tests.unit.nostr_loyalty.served import Served


async def test_pause_and_resume(tmp_path: Path) -> None:
    """While it is paused orders earn nothing, and are told so; points are still there to be spent."""
    async with house(tmp_path) as place:
        served = place.served
        assert await place.code("owner", "pause") == "answered"
        (answer,) = await served.take(served.order("order-3"))
        assert answer.reason == "program-paused"
        assert await place.code("guest", "redeem coffee") == "done"
        assert await place.code("manager", "resume") == "role-not-allowed"
        assert await place.code("owner", "resume") == "answered"
        (answer,) = await served.take(served.order("order-4", "1000"))
        assert (answer.result, answer.points) == ("accepted", 1)


async def test_a_pause_shows_in_the_definition(tmp_path: Path) -> None:
    """`pause` and `resume` each publish a revision with the other status, later than the one before and kept; entries
    name the revision of their day, also what the sweep books. Saying it twice publishes nothing.
    """
    async with house(tmp_path, "private", ttl="30d") as place:
        served = place.served
        before = served.program.revision
        assert await place.code("owner", "pause") == "answered"
        paused = _definition(served)
        assert (paused.status, served.program.rules.status) == ("paused", "active")
        await place.says("owner", "pause")
        assert not any(promised.label == "program" for _, promised in served.others)
        await place.says("owner", "grant {guest} 5")
        served.later(days=31)
        assert (await served.sweep())["expired"] == 3
        await place.says("owner", "resume")
        assert _definition(served).status == "active"
        await served.take(served.order("order-4", "1000"))
        revisions = await _revisions(served)
        assert [status for _, _, status in revisions] == ["active", "paused", "active"]
        assert revisions[0][0] == before
        assert revisions[0][1] < revisions[1][1] < revisions[2][1]
        now = [ref for ref, _, _ in revisions]
        assert [entry.rev for entry in await served.chain()] == [*[now[0]] * 2, *[now[1]] * 4, now[2]]
        await served.assert_clean()


async def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    """Started anew while it is paused the daemon says nothing new; with other rules it says them, and paused."""
    async with house(tmp_path) as place:
        served = place.served
        await place.says("owner", "pause")
    again = served.again()
    async with again:
        assert [status for _, _, status in await _revisions(again)] == ["active", "paused"]
        (answer,) = await again.take(again.order("order-3"))
        assert answer.reason == "program-paused"
    other = again.with_rules(*TABLES, operators=[npub(place.owner)], rounding="ceil")
    async with other:
        assert [status for _, _, status in await _revisions(other)] == ["active", "paused", "paused"]
        other.later(seconds=1)
        await other.write(place.owner, "resume")
        assert _definition(other).status == "active"
        (answer,) = await other.take(other.order("order-3", "500"))
        assert answer.points == 1
        revisions = await _revisions(other)
        assert (await other.chain())[-1].rev == revisions[-1][0]
        await other.assert_clean()


def _definition(served: Served) -> Program:
    """The definition that was promised with the last letter."""
    (event,) = [event for event, promised in served.others if promised.label == "program"]
    return program.parse(event)


async def _revisions(served: Served) -> list[tuple[str, int, str]]:
    """Every revision's id, time and status, the oldest first."""
    async with served.database.read() as r:
        rows = await r.rows("SELECT document FROM revision ORDER BY id")
    rumors = [rumor_from_canonical(document) for (document,) in rows]
    return [(rumor.id, rumor.created_at, value(rumor.tags, "status") or "") for rumor in rumors]


@pytest.mark.parametrize(("status", "code"), [("paused", "program-paused"), ("ended", "program-ended")])
async def test_the_configuration_comes_first(tmp_path: Path, status: str, code: str) -> None:
    """What the configuration has paused or ended no message resumes, and nobody is told that it had."""
    async with house(tmp_path, "private", status=status) as place:
        assert await place.code("owner", "resume") == code
        (answer,) = await place.served.take(place.served.order("order-3"))
        assert answer.reason == code
