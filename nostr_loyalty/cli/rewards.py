"""`nostr-loyalty rewards`: what points buy now, and how many are left."""

import argparse
from typing import Any

from ledger import vouchers
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
from nostr_loyalty.rules.program import Reward


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--program, --json, --config."""
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Print the rewards of one program or of all, in the order of the configuration."""
    config = read_config(args)
    programs = meant(config, args.program)
    taken = run_to_the_end(lambda: _taken(config, programs))
    found = [
        (program, reward, _left(reward, taken.get((program.slug, reward.id), 0)))
        for program in programs
        for reward in program.rules().rewards
    ]
    print_rows(
        [_row(program, reward, left) for program, reward, left in found],
        [_line(program, reward, left) for program, reward, left in found],
        as_json=args.json, none="no rewards",
    )  # fmt: skip
    return errors.EXIT_OK


async def _taken(config: Config, programs: tuple[ProgramSettings, ...]) -> dict[tuple[str, str], int]:
    """(slug, reward) -> how many are out, of the rewards that have a stock."""
    async with ledger_of(config) as r:
        return {
            (program.slug, reward.id): await vouchers.stock_taken(r, id_, reward.id)
            for program, id_ in await ledger_ids(r, programs)
            for reward in program.rules().rewards
            if reward.stock is not None
        }


def _left(reward: Reward, taken: int) -> int | None:
    """How many there still are, None for any number; a stock that was made smaller may be below what is out."""
    return None if reward.stock is None else max(0, reward.stock - taken)


def _row(program: ProgramSettings, reward: Reward, left: int | None) -> dict[str, Any]:
    return {
        "program": address_of(program),
        "reward": reward.id,
        "title": reward.title,
        "cost": reward.cost,
        "type": reward.type,
        "value": reward.value,
        "min_tier": reward.min_tier,
        "stock": reward.stock,
        "left": left,
        "limit": reward.limit,
        "limit_period": reward.limit_period,
        "valid_from": reward.valid_from,
        "valid_until": reward.valid_until,
    }


def _line(program: ProgramSettings, reward: Reward, left: int | None) -> str:
    terms = [amount_of(program, reward.cost)]
    if left is not None:
        terms.append(f"{left} of {reward.stock} left")
    tier = program.rules().tier(reward.min_tier)
    if tier is not None:
        terms.append(f"from {tier.title}")
    if reward.limit is not None:
        terms.append(f"at most {reward.limit}" + (f" a {reward.limit_period}" if reward.limit_period else ""))
    if reward.valid_from is not None:
        terms.append(f"from {local_time(program, reward.valid_from)}")
    if reward.valid_until is not None:
        terms.append(f"until {local_time(program, reward.valid_until)}")
    return f"{program.title}  {reward.title} ({reward.id}): {', '.join(terms)}"
