"""`nostr-loyalty vouchers WHO`: what a customer has redeemed, newest first, and what of it can still be used."""

import argparse
from typing import Any, Final

from ledger import vouchers
from ledger.standings import find_standings
from ledger.vouchers import Voucher
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import (
    add_who,
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

VOUCHERS_MAX: Final = 1_000
"""Of one customer in one program; older ones are left out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    add_who(parser)


def run(args: argparse.Namespace) -> int:
    """Print the vouchers of one program or of all; a code is known to its holder only."""
    config = read_config(args)
    now = SystemClock().now()
    found = run_to_the_end(lambda: _read(config, meant(config, args.program), args.who))
    print_rows(
        [_row(program, args.who, one, now) for program, one in found],
        [_line(program, one, now) for program, one in found],
        as_json=args.json, none="no vouchers",
    )  # fmt: skip
    return errors.EXIT_OK


async def _read(
    config: Config, programs: tuple[ProgramSettings, ...], customer: str
) -> list[tuple[ProgramSettings, Voucher]]:
    async with ledger_of(config) as r:
        ids = await ledger_ids(r, programs)
        standings = await find_standings(r, [(id_, customer) for _, id_ in ids])
        return [
            (program, voucher)
            for program, id_ in ids
            if (id_, customer) in standings
            for voucher in await vouchers.of_standing(r, standings[id_, customer].id, VOUCHERS_MAX)
        ]


def _is_active(voucher: Voucher, now: int) -> bool:
    """Whether it would be taken now; one that is out of time may wait for the daemon to give its points back."""
    return voucher.is_active and now < voucher.hold_until


def _row(program: ProgramSettings, customer: str, voucher: Voucher, now: int) -> dict[str, Any]:
    return {
        "program": address_of(program),
        "customer": customer,
        "voucher": voucher.hash,
        "reward": voucher.reward,
        "title": voucher.title,
        "type": voucher.type,
        "value": voucher.value,
        "status": voucher.status,
        "is_active": _is_active(voucher, now),
        "cost": voucher.cost,
        "charged": voucher.charged,
        "issued_at": voucher.issued_at,
        "hold_until": voucher.hold_until,
        "ended_at": voucher.ended_at,
        "order": voucher.order_reference,
    }


def _line(program: ProgramSettings, voucher: Voucher, now: int) -> str:
    charged = amount_of(program, voucher.charged)
    if voucher.charged != voucher.cost:
        charged += f" of {voucher.cost}"
    if _is_active(voucher, now):
        became = f"to be used before {local_time(program, voucher.hold_until)}"
    elif voucher.is_active:
        became = "out of time"
    else:
        at = voucher.hold_until if voucher.ended_at is None else voucher.ended_at
        became = f"{voucher.status} {local_time(program, at)}"
    issued = local_time(program, voucher.issued_at)
    return f"{issued}  {program.title}  {voucher.title} ({voucher.reward}), {charged}: {became}"
