"""`nostr-loyalty balance WHO`: what a customer has, in one program or in each: points, tier, what runs out next."""

import argparse
import json
from typing import Any, NamedTuple

from ledger import orders
from ledger.database import Read
from ledger.standings import Standing, find_standings, standings_by_id
from ledger.statement import next_expiry
from ledger.units import Money, format_money
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import (
    add_who,
    address_of,
    amount_of,
    ledger_ids,
    ledger_of,
    local_time,
    meant,
    read_config,
)
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.desk import completing, tiers
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.rules.program import ProgramRules


class Found(NamedTuple):
    """A standing and what goes with it: the way to the next tier, (points, time) of what runs out next, points that are
    booked later, and the key that took over.
    """

    standing: Standing
    progress: tuple[int, int, str] | None
    next_expiry: tuple[int, int] | None
    pending: int
    relinked_to: str | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """WHO, --program, --json, --config."""
    add_who(parser)


def run(args: argparse.Namespace) -> int:
    """Print the balance; a customer that the program has never seen has none, which is 0."""
    config = read_config(args)
    programs = meant(config, args.program)
    found = run_to_the_end(lambda: _read(config, programs, args.who))
    if args.json:
        rows = [_row(program, args.who, found.get(program.slug)) for program in programs]
        print(json.dumps(rows if len(rows) > 1 else rows[0]))
        return errors.EXIT_OK
    for program in programs:
        print("\n  ".join(_lines(program, found.get(program.slug))))
    return errors.EXIT_OK


async def _read(config: Config, programs: tuple[ProgramSettings, ...], customer: str) -> dict[str, Found]:
    now = SystemClock().now()
    async with ledger_of(config) as r:
        ids = await ledger_ids(r, programs)
        standings = await find_standings(r, [(id_, customer) for _, id_ in ids])
        return {
            program.slug: await _found(r, program, standings[id_, customer], now)
            for program, id_ in ids
            if (id_, customer) in standings
        }


async def _found(r: Read, program: ProgramSettings, standing: Standing, now: int) -> Found:
    rules, heir = program.rules(), None
    facts = Facts(standings={standing.id: standing})
    await completing.count(r, facts, {standing.program_id: completing.first_day_of(rules, [now], now)})
    await completing.set_apart(r, facts, [standing.program_id])
    if standing.relinked_to is not None:
        heir = (await standings_by_id(r, [standing.relinked_to]))[standing.relinked_to].customer
    return Found(
        standing=standing,
        progress=tiers.steps(facts, rules, standing, now),
        next_expiry=await next_expiry(r, standing.id, now),
        pending=sum(order.earned - order.reversed for order in await orders.pending_of(r, standing.id)),
        relinked_to=heir,
    )


def _row(program: ProgramSettings, customer: str, found: Found | None) -> dict[str, Any]:
    """The answer to one program, in the form that scripts rely on."""
    standing = found.standing if found else None
    progress, expiry = (found.progress, found.next_expiry) if found else (None, None)
    return {
        "program": address_of(program),
        "customer": customer,
        "points": standing.balance if standing else 0,
        "tier": standing.tier if standing else None,
        "lifetime": standing.lifetime if standing else 0,
        "seq": standing.seq if standing else 0,
        "head": standing.head if standing else None,
        "tier_progress": None if progress is None else dict(zip(("reached", "needed", "tier"), progress, strict=True)),
        "tier_until": standing.grace_until if standing else None,
        "next_expiry": None if expiry is None else dict(zip(("points", "expires_at"), expiry, strict=True)),
        "pending": found.pending if found else 0,
        "frozen": bool(standing.frozen) if standing else False,
        "relinked_to": found.relinked_to if found else None,
    }


def _lines(program: ProgramSettings, found: Found | None) -> list[str]:
    """The same for people: what is not there is not said."""
    if found is None:
        return [f"{program.title}: {amount_of(program, 0)} (earned in all: 0, entries: 0)"]
    standing, rules = found.standing, program.rules()
    points = amount_of(program, standing.balance)
    lines = [f"{program.title}: {points} (earned in all: {standing.lifetime}, entries: {standing.seq})"]
    if found.relinked_to is not None:
        return [*lines, f"this key was replaced by {found.relinked_to}"]
    tier = rules.tier(standing.tier)
    if tier is not None:
        until = f", until {local_time(program, standing.grace_until)}" if standing.grace_until is not None else ""
        lines.append(f"{tier.title} tier{until}")
    if found.progress is not None:
        reached, needed, above = found.progress
        following = rules.tier(above)
        title = above if following is None else following.title
        lines.append(f"{progress_in(rules, reached)} of {progress_in(rules, needed)} to {title}")
    if found.next_expiry is not None:
        running_out, at = found.next_expiry
        lines.append(f"{amount_of(program, running_out)} run out at {local_time(program, at)}")
    if found.pending:
        lines.append(f"{amount_of(program, found.pending)} to come")
    if standing.frozen:
        lines.append("frozen")
    return lines


def progress_in(rules: ProgramRules, reached: int) -> str:
    """What was reached of a tier's threshold: money in its unit, or a number of points or visits."""
    if rules.tier_basis.basis != "spend" or rules.counted_currency is None:
        return str(reached)
    return " ".join(format_money(Money(reached, rules.counted_currency)))
