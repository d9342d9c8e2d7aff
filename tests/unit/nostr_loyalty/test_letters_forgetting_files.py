"""After `forget me` the key is not in the ledger's files either: not in free pages, not in the log, not in a backup."""

from pathlib import Path

from tests.unit.nostr_loyalty.guest_life import delivered, held_by, live
from tests.unit.nostr_loyalty.house import house
from tests.venue import new_key


async def test_the_files_hold_nothing_of_the_key(tmp_path: Path) -> None:
    """Of a guest with a long life neither the ledger's file, nor its log, nor a backup holds the key in any spelling
    once the next sweep is over: not in free pages either, of what had been deleted long before.
    """
    async with house(tmp_path, "public", manager={"points": 100}) as place:
        served = place.served
        others = [new_key() for _ in range(40)]
        await served.take(*(served.order(f"by-{key.public}", customer=key.public) for key in others))
        await live(place)
        await served.take(*(served.order(f"again-{number}") for number in range(60)))
        await delivered(served.database)
        await served.sweep()
        assert held_by(served.database.path, place.guest), "else the test would see nothing"
        assert await place.code("guest", "forget me yes") == "forgotten"
        await delivered(served.database)
        log = served.database.path.with_name(served.database.path.name + "-wal")
        assert held_by(log, place.guest)
        await served.sweep()
        await served.database.backup(tmp_path / "backup.db")
        async with served.database.read() as r:
            assert (await r.rows("PRAGMA freelist_count"))[0][0] > 0, "else nothing would be free"
        for file in (served.database.path, log, tmp_path / "backup.db"):
            assert held_by(file, place.guest) == [], file.name
        assert held_by(served.database.path, others[0]), "the others are all there"
        assert await served.database.empty_log(), "there is nothing to do"


async def test_a_farewell_that_is_late_leaves_nothing_either(tmp_path: Path) -> None:
    """The last letter waits for its relay, and names the guest until it is delivered. Then the next sweep is enough."""
    async with house(tmp_path, "public") as place:
        served = place.served
        assert await place.code("guest", "forget me yes") == "forgotten"
        await served.sweep()
        assert held_by(served.database.path, place.guest), "the farewell waits"
        await delivered(served.database)
        await served.sweep()
        log = served.database.path.with_name(served.database.path.name + "-wal")
        assert [held_by(file, place.guest) for file in (served.database.path, log)] == [[], []]
