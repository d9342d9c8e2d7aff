"""The ledger's file: blocks, locks, migrations, backup, a full disk and a killed process."""

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ledger import book, inbox
from ledger.database import Database
from ledger.errors import InvariantBroken, LedgerUnavailable
from ledger.migrations import SCHEMA, migrations
from tests.unit.ledger.venue import Venue, name

CUSTOMER = "c0" * 32


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    """A venue on a new ledger."""
    opened = await Venue.open(tmp_path / "ledger.db")
    yield opened
    await opened.close()


async def seen(database: Database, refs: list[str]) -> set[str]:
    """Which of these messages are recorded."""
    async with database.read() as r:
        return set(refs) - await inbox.unseen(r, [(ref, 1) for ref in refs])


def message(ref: str) -> inbox.Seen:
    """A message taken in."""
    return inbox.Seen(ref, 1, "booked", 2)


async def test_a_block_that_fails_leaves_nothing(venue: Venue) -> None:
    """What was written in a block goes with it when it ends in an exception; the next block works."""
    first, second = name(), name()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is the claim
        async with venue.database.write() as w:
            await inbox.record(w, [message(first)])
            raise ZeroDivisionError
    async with venue.database.write() as w:
        await inbox.record(w, [message(second)])
    assert await seen(venue.database, [first, second]) == {second}


async def test_two_tasks_never_share_a_transaction(venue: Venue) -> None:
    """Bug 73: while one block is open another task waits; the rollback of the one takes nothing from the other."""
    first, second = name(), name()
    inside = asyncio.Event()
    go_on = asyncio.Event()

    async def fails() -> None:
        async with venue.database.write() as w:
            await inbox.record(w, [message(first)])
            inside.set()
            await go_on.wait()
            raise ZeroDivisionError

    async def writes() -> None:
        async with venue.database.write() as w:
            await inbox.record(w, [message(second)])

    failing = asyncio.create_task(fails())
    await inside.wait()
    writing = asyncio.create_task(writes())
    await asyncio.sleep(0)
    go_on.set()
    await writing
    with pytest.raises(ZeroDivisionError):
        await failing
    assert await seen(venue.database, [first, second]) == {second}


async def test_twenty_parallel_debits_of_everything_succeed_once(venue: Venue) -> None:
    """Bug 25: twenty tasks spend the whole balance at once; one succeeds, and nobody else loses or wins a point."""
    await venue.earn(CUSTOMER, 100)
    debits = await asyncio.gather(*(venue.spend(CUSTOMER, 100) for _ in range(20)))
    assert sum(debit is not None for debit in debits) == 1
    assert (await venue.standing(CUSTOMER)).balance == 0
    assert (await venue.audit()).is_clean


async def test_a_cancelled_block_leaves_a_clean_connection(venue: Venue) -> None:
    """A task cancelled at any step of a block leaves either all of it or nothing, and the ledger goes on."""
    dice = random.Random(7)
    for _ in range(60):
        task = asyncio.create_task(venue.sell(CUSTOMER, name(), 5))
        for _ in range(dice.randrange(60)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await venue.sell(CUSTOMER, name(), 5)
    standing = await venue.standing(CUSTOMER)
    assert 0 < standing.visits <= 61
    assert standing.visits * 5 == standing.balance
    assert (await venue.audit()).is_clean


async def test_a_long_question_ends_when_it_is_cancelled(venue: Venue) -> None:
    """Who stops the daemon in the middle of an audit does not wait for its answer; the reader answers the next one."""
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT max(i) FROM n"
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), venue.database.read() as r:
                await r.rows(endless)
    assert loop.time() - began < 1.5
    assert await seen(venue.database, [name()]) == set()


async def test_a_block_cannot_be_used_after_its_end(venue: Venue) -> None:
    """A handle kept from a block that has ended refuses to work outside any transaction."""
    async with venue.database.write() as w:
        kept = w
    with pytest.raises(RuntimeError):
        await kept.run("DELETE FROM inbox")


async def test_a_read_block_sees_one_snapshot(venue: Venue) -> None:
    """What commits while a read block is open shows in the next one only."""
    ref = name()
    async with venue.database.read() as r:
        assert await inbox.unseen(r, [(ref, 1)]) == {ref}
        async with venue.database.write() as w:
            await inbox.record(w, [message(ref)])
        assert await inbox.unseen(r, [(ref, 1)]) == {ref}
    assert await seen(venue.database, [ref]) == {ref}


async def test_a_full_disk_is_said_and_loses_nothing(venue: Venue) -> None:
    """A full disk is ledger-disk-full with a remedy; what was committed stays whole, and with space again it goes
    on.
    """
    await venue.sell(CUSTOMER, "before", 10)
    async with venue.database.write() as w:
        ((pages,),) = await w.rows("PRAGMA page_count")
        await w.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerUnavailable) as full:  # noqa: PT012 - one of many sales fills the disk
        for each in range(1_000):
            await venue.sell(CUSTOMER, f"order {each}", 10)
    assert full.value.code == "ledger-disk-full"
    assert "space" in full.value.remedy
    assert (await venue.audit()).is_clean
    async with venue.database.write() as w:
        await w.rows("PRAGMA max_page_count = 1000000")
    sold = (await venue.standing(CUSTOMER)).visits
    await venue.sell(CUSTOMER, "after", 10)
    assert (await venue.standing(CUSTOMER)).visits == sold + 1
    assert (await venue.audit()).is_clean


@pytest.mark.timeout(60)
async def test_a_killed_process_leaves_a_ledger_that_agrees_with_itself(tmp_path: Path) -> None:
    """kill -9 in the middle of writing, ten times: each time the ledger opens, agrees with itself and has lost no
    commit.
    """
    path = tmp_path / "ledger.db"
    before = 0
    for _ in range(10):
        program = f"from tests.unit.ledger.venue import main; main({str(path)!r})"
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        await asyncio.sleep(random.uniform(0.02, 0.15))
        child.kill()
        await child.wait()
        venue = await Venue.open(path)
        report = await venue.audit()
        await venue.close()
        assert report.is_clean, report.findings
        assert report.counted["entry"] >= before
        before = report.counted["entry"]
    assert before > 0


async def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """The ledger opens for writing once; the second opener learns which process has it. Readers are welcome."""
    first = await Database.open(tmp_path / "ledger.db")
    with pytest.raises(LedgerUnavailable) as refused:
        await Database.open(tmp_path / "ledger.db")
    assert refused.value.code == "ledger-in-use"
    assert str(os.getpid()) in refused.value.detail
    reader = await Database.open(tmp_path / "ledger.db", read_only=True)
    async with reader.read() as r:
        assert await inbox.cursors(r) == {}
    with pytest.raises(RuntimeError):
        async with reader.write():
            pass
    await reader.close()
    await first.close()
    again = await Database.open(tmp_path / "ledger.db")
    await again.close()


async def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    """A ledger of a version that this program does not know is refused, and not touched."""
    path = tmp_path / "ledger.db"
    await (await Database.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(LedgerUnavailable) as refused:
            await Database.open(path, read_only=read_only)
        assert refused.value.code == "ledger-newer"


@pytest.mark.parametrize("read_only", [False, True])
async def test_what_is_no_ledger_is_said(tmp_path: Path, read_only: bool) -> None:
    """A path without a ledger, in a folder that is not there, or to some other file, is named as what it is."""
    with pytest.raises(LedgerUnavailable) as missing:
        await Database.open(tmp_path / "nowhere" / "ledger.db", read_only=read_only)
    assert missing.value.code == "ledger-missing"
    (tmp_path / "letter.txt").write_text("Dear customer, " * 100)
    with pytest.raises(LedgerUnavailable) as other:
        await Database.open(tmp_path / "letter.txt", read_only=read_only)
    assert other.value.code == "ledger-corrupt"


async def test_migrations_lead_from_any_version_to_the_newest(tmp_path: Path) -> None:
    """A ledger left at each earlier version is brought up to date when it is opened."""
    newest = len(migrations())
    for version in range(newest + 1):
        path = tmp_path / f"{version}.db"
        connection = sqlite3.connect(path)
        for migration in migrations()[:version]:
            connection.executescript(migration.read_text())
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
        venue = await Venue.open(path)
        async with venue.database.read() as r:
            assert await r.row("PRAGMA user_version") == (newest,)
        await venue.earn(CUSTOMER, 1)
        assert (await venue.audit()).is_clean
        await venue.close()


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is applied in whole or not at all, together with its version."""
    folder = tmp_path / "schema"
    folder.mkdir()
    for migration in SCHEMA.glob("*.sql"):
        (folder / migration.name).write_text(migration.read_text())
    monkeypatch.setattr("ledger.migrations.SCHEMA", folder)
    path = tmp_path / "ledger.db"
    await (await Database.open(path)).close()
    broken = folder / f"{len(migrations()) + 1:04d}_broken.sql"
    broken.write_text("CREATE TABLE half (id INTEGER) STRICT; INSERT INTO nothing VALUES (1);")
    with pytest.raises(InvariantBroken):
        await Database.open(path)
    broken.unlink()
    database = await Database.open(path)
    async with database.read() as r:
        assert await r.row("SELECT 1 FROM sqlite_schema WHERE name = 'half'") is None
    await database.close()


async def test_a_backup_is_a_ledger(venue: Venue, tmp_path: Path) -> None:
    """A backup taken while the daemon writes opens as a ledger of its own and agrees with itself."""
    await venue.sell(CUSTOMER, "one", 10)
    selling = asyncio.create_task(venue.sell(CUSTOMER, "two", 10))
    await venue.database.backup(tmp_path / "backup.db")
    await selling
    copy = await Venue.open(tmp_path / "backup.db")
    assert (await copy.audit()).is_clean
    assert (await copy.standing(CUSTOMER)).balance in (10, 20)
    await copy.close()
    assert not (tmp_path / "backup.db.part").exists()


async def test_a_commit_survives_without_closing(tmp_path: Path) -> None:
    """What a block has committed is in the file when the block ends, whether or not the ledger is ever closed."""
    venue = await Venue.open(tmp_path / "ledger.db")
    await venue.earn(CUSTOMER, 5)
    reader = await Database.open(tmp_path / "ledger.db", read_only=True)
    async with reader.read() as r:
        assert (await book.find_standings(r, [(venue.program_id, CUSTOMER)]))[venue.program_id, CUSTOMER].balance == 5
    await reader.close()
    await venue.close()


async def test_nobody_else_may_read_a_ledger(venue: Venue, tmp_path: Path) -> None:
    """A new ledger, what SQLite keeps beside it, and a backup are their owner's only: they tell who comes how often."""
    await venue.database.backup(tmp_path / "backup.db")
    assert modes(tmp_path) == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600, "backup.db": 0o600}


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with each file, but for the lock, which holds nothing."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir() if path.suffix != ".lock"}
