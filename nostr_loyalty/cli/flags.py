"""`nostr-loyalty flags`: orders that the guard noticed and nobody has looked at yet; what is held waits for that."""

import argparse
from typing import Any, NamedTuple

from ledger import flags, orders
from ledger.flags import Flag
from ledger.orders import OrderRow
from ledger.standings import standings_by_id
from nostr_loyalty import errors
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
from nostr_loyalty.config.settings import Config, ProgramSettings


class Noticed(NamedTuple):
    """A flag with its order and its customer."""

    program: ProgramSettings
    flag: Flag
    order: OrderRow
    customer: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--program, --json, --config."""
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Print the open flags of one program or of all, oldest first."""
    config = read_config(args)
    found = run_to_the_end(lambda: _read(config, meant(config, args.program)))
    print_rows([_row(one) for one in found], [_line(one) for one in found], as_json=args.json, none="no open flags")
    return errors.EXIT_OK


async def _read(config: Config, programs: tuple[ProgramSettings, ...]) -> list[Noticed]:
    found = []
    async with ledger_of(config) as r:
        for program, id_ in await ledger_ids(r, programs):
            opened = await flags.open_flags(r, id_)
            rows = await orders.by_id(r, [flag.order_id for flag in opened])
            standings = await standings_by_id(r, [flag.standing_id for flag in opened])
            found += [
                Noticed(program, flag, rows[flag.order_id], standings[flag.standing_id].customer) for flag in opened
            ]
    return found


def _row(one: Noticed) -> dict[str, Any]:
    return {
        "program": address_of(one.program),
        "order": one.order.reference,
        "source": one.order.source,
        "customer": one.customer,
        "what": one.flag.what,
        "orders": one.flag.orders,
        "points": one.order.earned - one.order.reversed,
        "held": bool(one.flag.held),
        "flagged_at": one.flag.flagged_at,
    }


def _line(one: Noticed) -> str:
    by = "by the same customer" if one.flag.what == "customer" else "from the same source for the same customer"
    points = amount_of(one.program, one.order.earned - one.order.reversed)
    return (
        f"{local_time(one.program, one.flag.flagged_at)}  {one.program.title}  order {one.order.reference}, "
        f"number {one.flag.orders} of its day {by}; {points}{' held' if one.flag.held else ''}\n  {one.customer}"
    )
