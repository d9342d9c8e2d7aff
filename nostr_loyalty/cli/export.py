"""`nostr-loyalty export`: entries, balances, vouchers, orders or the rules of all days, as CSV or JSON lines.

The export goes on beside a running daemon: each page is read from a snapshot of its own, so that the ledger is not held
up by a slow reader. Entries never change; the others are told as they stand when their page is read.
"""

import argparse
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final, TypeVar

from ledger import orders, reporting, statement
from ledger import programs as programs_of_ledger
from ledger.database import Database, Read
from ledger.orders import OrderRow
from ledger.programs import Revision
from ledger.statement import StandingView
from ledger.vouchers import Voucher
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import address_of, ledger_ids, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.errors import Unavailable
from nostr_loyalty.reports import cells, records
from nostr_loyalty.reports.cells import Row

PAGE: Final = 500
T = TypeVar("T")
Programs = Sequence[tuple[ProgramSettings, int]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--what, --format, --out, --program, --config."""
    parser.add_argument("--what", choices=list(records.COLUMNS), default="entries", help="default: entries")
    parser.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="default: csv")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write it there, for its owner only (default: to standard output)"
    )
    parser.add_argument("--program", metavar="SLUG", help="one program only (default: all of the configuration)")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")


def run(args: argparse.Namespace) -> int:
    """Exit 0 when everything was written; a file that is there is replaced when the new one is complete."""
    config = read_config(args)
    programs = meant(config, args.program)
    with _opened(args.out) as out:
        run_to_the_end(lambda: _export(config, programs, args.what, args.format, out))
    return errors.EXIT_OK


async def _export(
    config: Config, programs: Sequence[ProgramSettings], what: str, form: cells.Format, out: IO[str]
) -> None:
    database = await Database.open(config.daemon.database, readers=1, read_only=True)
    try:
        async with database.read() as r:
            known = await ledger_ids(r, programs)
        pages = {
            "entries": _entries, "balances": _balances, "vouchers": _vouchers, "orders": _orders,
            "revisions": _revisions,
        }[what]  # fmt: skip
        out.write(cells.head(records.COLUMNS[what], form))
        async for row in pages(database, known):
            out.write(cells.line(row, form))
        out.flush()
    finally:
        await database.close()


async def _entries(database: Database, programs: Programs) -> AsyncIterator[Row]:
    by_address = {address_of(program): program for program, _ in programs}
    async for booked in _paged(database, lambda r, at: statement.booked(r, at, PAGE), lambda one: one.id):
        if booked.program in by_address:
            yield records.entry(booked, by_address[booked.program].rules().tz)


async def _balances(database: Database, programs: Programs) -> AsyncIterator[Row]:
    for program, id_ in programs:
        read = partial(_standings, id_)
        async for view in _paged(database, read, lambda one: one.standing_id):
            yield records.balance(view, program.rules())


async def _vouchers(database: Database, programs: Programs) -> AsyncIterator[Row]:
    for program, id_ in programs:
        read = partial(_vouchers_of, id_)
        async for customer, voucher in _paged(database, read, lambda one: one[1].id):
            yield records.voucher(address_of(program), customer, voucher, program.rules().tz)


async def _orders(database: Database, programs: Programs) -> AsyncIterator[Row]:
    for program, id_ in programs:
        read = partial(_orders_of, id_)
        async for customer, row in _paged(database, read, lambda one: one[1].id):
            yield records.order(address_of(program), customer, row, program.rules().tz)


async def _revisions(database: Database, programs: Programs) -> AsyncIterator[Row]:
    for program, id_ in programs:
        read = partial(_revisions_of, id_)
        async for one in _paged(database, read, lambda one: one.id):
            yield records.revision(address_of(program), one, program.rules().tz)


async def _standings(program_id: int, r: Read, after_id: int) -> list[StandingView]:
    return await statement.standing_views(r, program_id, after_id, PAGE)


async def _vouchers_of(program_id: int, r: Read, after_id: int) -> list[tuple[str, Voucher]]:
    return await reporting.vouchers(r, program_id, after_id, PAGE)


async def _orders_of(program_id: int, r: Read, after_id: int) -> list[tuple[str | None, OrderRow]]:
    rows = await orders.recorded_since(r, program_id, 0, after_id, PAGE)
    names = await reporting.customers(r, (row.standing_id for row in rows if row.standing_id is not None))
    return [(None if row.standing_id is None else names[row.standing_id], row) for row in rows]


async def _revisions_of(program_id: int, r: Read, after_id: int) -> list[Revision]:
    return await programs_of_ledger.revisions(r, program_id, after_id, PAGE)


async def _paged(
    database: Database, read: Callable[[Read, int], Awaitable[list[T]]], id_of: Callable[[T], int]
) -> AsyncIterator[T]:
    """All of them, page by page: `read` gives those above an id."""
    at = 0
    while True:
        async with database.read() as r:
            page = await read(r, at)
        for one in page:
            yield one
        if not page:
            return
        at = id_of(page[-1])


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[str]]:
    """Standard output; or a new file, which takes its place when the block has ended well."""
    if path is None:
        yield sys.stdout
        return
    part = Path(f"{path}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Unavailable("disk-unavailable", f"{path}: {error.strerror}") from error
