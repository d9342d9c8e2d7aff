"""`nostr-loyalty expiries [WHO]`: which points run out when, soonest first; of everybody or of one customer."""

import argparse
from typing import Any, Final, NamedTuple

from ledger import book
from ledger.database import Read
from ledger.standings import find_standings
from ledger.statement import upcoming
from nostr_loyalty import errors
from nostr_loyalty.cli import typed
from nostr_loyalty.cli.asking import (
    add_program,
    address_of,
    amount_of,
    ledger_ids,
    ledger_of,
    local_time,
    meant,
    print_rows,
    read_config,
)
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.rules.program import DAY_S

EXPIRIES_MAX: Final = 1_000_000


class Expiry(NamedTuple):
    """Points of a customer that run out together."""

    program: ProgramSettings
    customer: str
    points: int
    expires_at: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, --within, --program, --json, --config."""
    parser.add_argument("who", metavar="WHO", nargs="?", type=typed.public_key, help=f"one customer: {typed.WHO}")
    parser.add_argument(
        "--within", metavar="SPAN", type=typed.days, help='what runs out in this time only, like "30d" or "4w"'
    )
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Print what will run out; what has run out already is in the history."""
    config = read_config(args)
    now = SystemClock().now()
    until = None if args.within is None else now + args.within * DAY_S
    found = run_to_the_end(lambda: _read(config, meant(config, args.program), args.who, now, until))
    print_rows([_row(one) for one in found], [_line(one) for one in found], as_json=args.json, none="nothing runs out")
    return errors.EXIT_OK


async def _read(
    config: Config, programs: tuple[ProgramSettings, ...], customer: str | None, now: int, until: int | None
) -> list[Expiry]:
    found = []
    async with ledger_of(config) as r:
        for program, id_ in await ledger_ids(r, programs):
            if customer is None:
                rows = await upcoming(r, id_, until, EXPIRIES_MAX)
            else:
                rows = await _of_one(r, id_, customer, until)
            found += [Expiry(program, *row) for row in rows if row[2] > now]
    return sorted(found, key=lambda one: one.expires_at)


async def _of_one(r: Read, program_id: int, customer: str, until: int | None) -> list[tuple[str, int, int]]:
    standing = (await find_standings(r, [(program_id, customer)])).get((program_id, customer))
    if standing is None or standing.forgotten:
        return []
    sums: dict[int, int] = {}
    for lot in (await book.lots(r, [standing.id]))[standing.id]:
        if lot.remaining and lot.expires_at is not None and (until is None or lot.expires_at <= until):
            sums[lot.expires_at] = sums.get(lot.expires_at, 0) + lot.remaining
    return [(customer, points, at) for at, points in sorted(sums.items())]


def _row(one: Expiry) -> dict[str, Any]:
    return {
        "program": address_of(one.program),
        "customer": one.customer,
        "points": one.points,
        "expires_at": one.expires_at,
    }


def _line(one: Expiry) -> str:
    when = local_time(one.program, one.expires_at)
    return f"{when}  {one.program.title}  {amount_of(one.program, one.points)}  {one.customer}"
