"""`nostr-loyalty replay --rules NEW.toml --since DATE`: what other rules would have made of the orders so far.

The daemon's own code decides once more on every recorded order, refund, claim, word and friend, in memory; the ledger
is only read. The standings of that time are not stored: the orders before DATE are replayed first, under the same other
rules and without being counted, so that tiers, stamps and welcome bonuses are as if they had always been in force.
"""

import argparse
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from ledger import orders, recorded, reporting
from ledger.database import Read
from ledger.orders import OrderRow
from ledger.recorded import PaidBack
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_program, address_of, ledger_ids, ledger_of, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load_rules
from nostr_loyalty.config.settings import Config, ProgramSettings, ProposedRules
from nostr_loyalty.errors import UsageWrong
from nostr_loyalty.reports import trial
from nostr_loyalty.reports.comparison import Comparison, Made
from nostr_loyalty.reports.events import (
    END_OF_TIME,
    ClaimedOrder,
    Claims,
    Commands,
    Event,
    Ordered,
    in_order,
    owner_at,
)
from nostr_loyalty.reports.figures import Gathered
from nostr_loyalty.reports.replaying import Replay

PAGE: Final = 2_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--rules, --since, --program, --json, --config."""
    parser.epilog = (
        "Orders before DATE are replayed first, under the same rules and without being counted, so that tiers are "
        "right from DATE on: the standings of that time are not stored. What points did afterwards (redemptions, "
        "expiry, grants by hand) changes nothing of what is earned and is left out; orders that were refused were "
        "never recorded."
    )
    parser.add_argument(
        "--rules", type=Path, required=True, metavar="NEW.toml",
        help="a whole configuration, such as a copy that was changed; its keys are not needed",
    )  # fmt: skip
    parser.add_argument(
        "--since",
        type=_day,
        required=True,
        metavar="DATE",
        help="count orders paid on this local day (YYYY-MM-DD) or later",
    )
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Print points, cost and customers per tier beside what really happened."""
    config = read_config(args)
    proposed = load_rules(args.rules)
    programs = [program for program in meant(config, args.program) if program.slug in proposed]
    if not programs:
        wanted = args.program or ", ".join(program.slug for program in config.programs)
        raise UsageWrong(f"--rules: {args.rules} has no program {wanted}; it has {', '.join(proposed)}")
    now = SystemClock().now()
    found = run_to_the_end(lambda: _compare(config, programs, proposed, args.since, now))
    if args.json:
        told = [one.as_json() for one in found]
        print(json.dumps(told if len(told) > 1 else told[0], ensure_ascii=False))
    else:
        print("\n\n".join("\n".join(one.lines()) for one in found))
    return errors.EXIT_OK


async def _compare(
    config: Config, programs: Sequence[ProgramSettings], proposed: dict[str, ProposedRules], since: int, now: int
) -> list[Comparison]:
    """All from one snapshot of the ledger."""
    async with ledger_of(config) as r:
        ids = {program.slug: id_ for program, id_ in await ledger_ids(r, programs)}
        if missing := [program.slug for program in programs if program.slug not in ids]:
            raise UsageWrong(f"the ledger has nothing of {', '.join(missing)} yet: start the daemon once")
        sales = {program.slug: Gathered(program.rules().tz) for program in programs}
        by_id = {ids[program.slug]: sales[program.slug] for program in programs}
        async for sold in reporting.sold(r):
            if sold.program_id in by_id:
                by_id[sold.program_id].take_sold(sold)
        return [
            await _one(r, config, program, ids[program.slug], proposed[program.slug], since, now, sales[program.slug])
            for program in programs
        ]


async def _one(
    r: Read, config: Config, program: ProgramSettings, program_id: int, proposed: ProposedRules, since: int, now: int,
    sales: Gathered,
) -> Comparison:  # fmt: skip
    served = trial.served(program, config.daemon, address_of(program), program_id)
    replay = Replay(replace(served, rules=proposed.rules), since)
    spoken_of = {one.order_id for one in await recorded.said(r, program_id)}
    async for event in _events(r, program_id):
        replay.take(event, returns=isinstance(event.what, Ordered) and _is_named_again(event.what.row, spoken_of))
    tiers = replay.finish(now)
    really = Counter({one.tier: one.customers for one in await reporting.holders(r, program_id)})
    tiers[None] = really.total() - (tiers.total() - tiers[None])  # who has only been granted something is there, too
    points, unclaimed = await recorded.earned_since(r, program_id, since)
    return Comparison(
        slug=program.slug, title=program.title, since=since,
        really=Made(program.rules(), program.point_value, points, unclaimed, really),
        proposed=Made(proposed.rules, proposed.point_value, replay.points, replay.unclaimed, tiers),
        orders=replay.orders, refused=replay.refused, sales=sales.sold(since, date.max.toordinal()),
    )  # fmt: skip


async def _events(r: Read, program_id: int) -> AsyncIterator[Event]:
    """Everything that happened, oldest first, page by page."""
    commands = Commands()
    replaced = await recorded.replaced(r, program_id)
    for one in replaced:
        commands.add(Event(one.done_at, one))
    for said in await recorded.said(r, program_id):
        commands.add(Event(said.said_at, said))
    for brought in await recorded.brought(r, program_id):
        at = brought.referred_at
        referrer, friend = (owner_at(each, at, replaced) for each in (brought.referrer, brought.friend))
        commands.add(Event(at, brought._replace(referrer=referrer, friend=friend)))
    claims = Claims(await recorded.claimed(r, program_id))
    refunds = _Refunds(r, program_id)
    at, before = 0, 0
    while before < END_OF_TIME:
        rows = await orders.recorded_since(r, program_id, 0, at, PAGE)
        at = rows[-1].id if rows else at
        before = rows[-1].recorded_at if len(rows) == PAGE else END_OF_TIME
        names = await reporting.customers(r, (row.standing_id for row in rows if row.standing_id is not None))
        made = await recorded.entries_made(r, (row.entry_id for row in rows if row.entry_id is not None))
        named: list[tuple[OrderRow, str | None]] = []
        for row in rows:
            if row.standing_id is None:
                named.append((row, None))
                continue
            customer = names[row.standing_id]
            named.append((row, owner_at(customer, row.recorded_at, replaced)))
            if row.claim_hash is not None:
                claimed_at = claims.time_of(row, made.get(row.entry_id or 0))
                commands.add(Event(claimed_at, ClaimedOrder(row, owner_at(customer, claimed_at, replaced))))
        booked_at = {id_: when for id_, (_, when) in made.items()}
        for event in in_order(named, await refunds.before(before), commands.before(before), booked_at):
            yield event


class _Refunds:
    """The refunds in the order of their recording, given out as time goes on."""

    def __init__(self, r: Read, program_id: int) -> None:
        self._r = r
        self._program_id = program_id
        self._ready: list[PaidBack] = []
        self._at = 0

    async def before(self, moment: int) -> list[PaidBack]:
        """Those before this moment, up to the first that is not, once."""
        found: list[PaidBack] = []
        while True:
            if not self._ready:
                self._ready = await recorded.paid_back(self._r, self._program_id, self._at, PAGE)
                if not self._ready:
                    return found
                self._at = self._ready[-1].id
            split = next((n for n, one in enumerate(self._ready) if one.recorded_at >= moment), len(self._ready))
            found += self._ready[:split]
            self._ready = self._ready[split:]
            if self._ready:
                return found


def _is_named_again(row: OrderRow, spoken_of: set[int]) -> bool:
    """Whether a refund, a claim or a word about the order will come; only such orders are kept in memory."""
    claimed = row.claim_hash is not None and row.standing_id is not None
    return row.status != "paid" or bool(row.refunded_minor or row.reversed) or claimed or row.id in spoken_of


def _day(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it like 2026-10-01") from None
    return day.toordinal()
