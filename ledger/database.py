"""The ledger's file: one writer, some readers, migrations, backup, and a lock against a second daemon.

Rules:
- One connection writes, inside `async with database.write()`, which holds one asyncio lock for the whole block: two
  tasks that shared a connection would share a transaction. A block commits at its end or leaves nothing behind, also
  when it is cancelled.
- Await nothing but the ledger inside a write block.
- `synchronous=FULL`: a commit is on the disk when the block ends, since what follows it (answers, events) cannot be
  taken back.
- Every `read()` block sees one snapshot. Keep it short: the write-ahead log cannot be emptied past a reader.
- What is deleted is overwritten (`secure_delete`), also in pages that become free: 4 % more is written, and the CPU per
  order stays the same. What the log remembers is gone when it is emptied (`empty_log`, with each sweep).

The engine is SQLite through aiosqlite; https://sqlite.org/wal.html, https://sqlite.org/rescode.html.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final, Self, TypeVar

import aiosqlite

from ledger.bulk import unpacked
from ledger.errors import LedgerUnavailable, translated
from ledger.files import locked, made_private, onto_disk, size_of_log
from ledger.migrations import migrate, migrations

CHECKPOINT_PAGES: Final = 8_000  # 32 MB: pages that many batches touch are copied into the file once
EMPTY_LOG_MS: Final = 200  # orders wait for so long
WAL_BYTES_MAX: Final = 64 * 1024 * 1024
WRITER_CACHE_KIB: Final = 16 * 1024
READER_CACHE_KIB: Final = 2 * 1024

T = TypeVar("T")


class Read:
    """A snapshot of the ledger, valid inside its block."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection: aiosqlite.Connection | None = connection

    @property
    def _open(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise RuntimeError("this block of the ledger has ended")
        return self._connection

    async def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a query that yields few."""
        return list(await _translating(self._open.execute_fetchall(sql, parameters)))  # type: ignore[arg-type]  # it takes any sequence

    async def row(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        """The first row, or None."""
        found = await self.rows(sql, *parameters)
        return found[0] if found else None

    async def packed(self, sql: str, *parameters: Any) -> list[Any]:
        """The rows of a query that yields a single JSON array of them (see `ledger.bulk`)."""
        ((answer,),) = await self.rows(sql, *parameters)
        return unpacked(answer)

    def end(self) -> None:
        """From here on the block refuses to be used."""
        self._connection = None


class Write(Read):
    """The one open transaction."""

    async def run(self, sql: str, *parameters: Any) -> int:
        """Runs one statement; how many rows it changed. Raises InvariantBroken where a constraint refuses."""
        cursor = await _translating(self._open.execute(sql, parameters))
        return cursor.rowcount

    @asynccontextmanager
    async def undoable(self) -> AsyncIterator[Callable[[], Awaitable[int]]]:
        """A part of the transaction that may be taken back alone, by what this gives; not within another such part."""
        await self.run("SAVEPOINT undoable")
        yield lambda: self.run("ROLLBACK TO undoable")
        await self.run("RELEASE undoable")


class Database:
    """An open ledger. Made by `Database.open`."""

    def __init__(self, path: Path, busy_timeout_ms: int) -> None:
        self.path = path
        self._busy_timeout_ms = busy_timeout_ms
        self._lock_file: IO[str] | None = None
        self._writer: aiosqlite.Connection | None = None
        self._writing = asyncio.Lock()
        self._readers: list[aiosqlite.Connection] = []
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()

    @classmethod
    async def open(
        cls, path: Path | str, *, busy_timeout_ms: int = 5_000, readers: int = 2, read_only: bool = False
    ) -> Self:
        """Opens the ledger; makes or migrates it first, unless read_only.

        With read_only nothing is locked, made or migrated, so that a command can look into the ledger of a running
        daemon. Raises LedgerUnavailable: ledger-in-use, ledger-missing, ledger-newer, ledger-read-only, ledger-
        corrupt.
        """
        database = cls(Path(path), busy_timeout_ms)
        try:
            if read_only and not database.path.is_file():
                raise LedgerUnavailable("ledger-missing", str(path), "Check the path, or start the daemon once.")
            if not read_only:
                database._lock_file = locked(database.path)
                made_private(database.path)
                database._writer = await database._connect(WRITER_CACHE_KIB)
                await _translating(migrate(database._writer))
            for _ in range(readers):
                reader = await database._connect(READER_CACHE_KIB, query_only=True)
                database._readers.append(reader)
                database._idle.put_nowait(reader)
            await database._refuse_newer()
        except BaseException:
            await finished(database.close())
            raise
        return database

    async def close(self) -> None:
        """Closes every connection and gives the lock back. Waits for a write block that is still open."""
        async with self._writing:
            connections = [*self._readers, *([self._writer] if self._writer else [])]
            self._readers, self._writer = [], None
            for connection in connections:
                await connection.close()
            if self._lock_file is not None:
                self._lock_file.close()
                self._lock_file = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Write]:
        """One transaction. Committed when the block ends without an exception, rolled back in full otherwise.

        A cancellation that arrives while the commit is under way is raised after it: the block has then taken effect.
        """
        async with self._writing:
            if self._writer is None:
                raise RuntimeError("this ledger is closed or open for reading only")
            block = Write(self._writer)
            try:
                await _translating(self._writer.execute("BEGIN IMMEDIATE"))
                yield block
                block.end()
                await finished(_translating(self._writer.commit()))
            except BaseException:
                block.end()
                # Queued behind whatever a cancelled statement still does; does nothing where the commit went through.
                await finished(_translating(self._writer.rollback()))
                raise

    async def empty_log(self) -> bool:
        """Copies the write-ahead log into the file and cuts it off, so that what was deleted is in neither of them;
        False where a reader is in the way: to be tried again.
        """
        async with self._writing:
            if self._writer is None or not size_of_log(self.path):
                return True
            writer = self._writer
            try:
                await _translating(_run(writer, f"PRAGMA busy_timeout = {EMPTY_LOG_MS}"))
                rows = await _translating(writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)"))
            finally:
                await finished(_translating(_run(writer, f"PRAGMA busy_timeout = {self._busy_timeout_ms}")))
            return not next(iter(rows))[0]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Read]:
        """One snapshot of what is committed; waits for a free reader."""
        connection = await self._idle.get()
        block = Read(connection)
        try:
            await _translating(connection.execute("BEGIN"))
            yield block
        except asyncio.CancelledError:
            await connection.interrupt()  # or the cancellation would wait for the answer to a long question
            raise
        finally:
            block.end()
            try:
                await finished(connection.rollback())
            finally:
                self._idle.put_nowait(connection)

    async def backup(self, target: Path | str) -> None:
        """A consistent copy of the ledger at target, while the daemon goes on. An existing file there is replaced."""
        part = Path(f"{target}.part")
        await asyncio.to_thread(part.unlink, missing_ok=True)
        made_private(part)  # VACUUM INTO takes an empty file
        connection = await self._connect(READER_CACHE_KIB)
        try:
            await finished(_translating(_run(connection, "VACUUM INTO ?", str(part))))
        finally:
            await finished(connection.close())
        await asyncio.to_thread(onto_disk, part, Path(target))

    async def _connect(self, cache_kib: int, *, query_only: bool = False) -> aiosqlite.Connection:
        connection = await _translating(_opened(self.path))
        try:
            for pragma in (
                f"busy_timeout = {self._busy_timeout_ms}",  # first: what follows may have to wait already
                "journal_mode = WAL" if not query_only else "query_only = ON",
                "synchronous = FULL",
                "foreign_keys = ON",
                "recursive_triggers = ON",  # or INSERT OR REPLACE would delete rows behind the triggers' backs
                f"cache_size = -{cache_kib}",
                f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
                f"journal_size_limit = {WAL_BYTES_MAX}",
                "secure_delete = ON",
                "temp_store = FILE",
            ):
                await _translating(connection.execute_fetchall(f"PRAGMA {pragma}"))
        except BaseException:
            await finished(connection.close())
            raise
        return connection

    async def _refuse_newer(self) -> None:
        known = len(migrations())
        connection = self._writer or self._readers[0]
        ((found,),) = await _translating(connection.execute_fetchall("PRAGMA user_version"))
        if found > known:
            detail = f"{self.path} is at version {found}, this program knows {known}"
            raise LedgerUnavailable("ledger-newer", detail, "Install the newer version of nostr-loyalty.")
        if found < known:
            detail = f"{self.path} is at version {found}, this program needs {known}"
            raise LedgerUnavailable(
                "ledger-missing", detail, "Start the daemon once, so that it brings the ledger up to date."
            )


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Waits until the work is over, also while being cancelled; a cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result


async def _translating(work: Awaitable[T]) -> T:
    try:
        return await work
    except (sqlite3.Error, OverflowError) as error:
        raise translated(error) from error


async def _opened(path: Path) -> aiosqlite.Connection:
    # isolation_level None: no transaction opens behind our back. autocommit is Python 3.12's word for another scheme.
    return await aiosqlite.connect(path, timeout=0, isolation_level=None)


async def _run(connection: aiosqlite.Connection, sql: str, *parameters: Any) -> None:
    await connection.execute_fetchall(sql, parameters)
