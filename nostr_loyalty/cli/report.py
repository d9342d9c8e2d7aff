"""`nostr-loyalty report`: what points did in a month and in all, and what they cost; as lines, JSON or a page."""

import argparse
import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ledger import reporting
from ledger.database import Read
from ledger.reporting import Visitors
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_program, address_of, ledger_ids, ledger_of, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.errors import Unavailable
from nostr_loyalty.reports import figures, telling
from nostr_loyalty.reports.figures import Gathered, Month, Report, Span
from nostr_loyalty.reports.page import page
from nostr_loyalty.rules.calendar import day_of, start_of_day

_UNKNOWN = 0
"""The id of a program that the ledger has never seen."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--month, --program, --html, --json, --config."""
    parser.add_argument(
        "--month", metavar="YYYY-MM", type=_month,
        help="this month alone (default: the current one by the venue's clock, with the totals beside it)",
    )  # fmt: skip
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page with plots, too")
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Print the figures of one program or of all; --html writes the page before."""
    config = read_config(args)
    now = SystemClock().now()
    reports = run_to_the_end(lambda: _read(config, meant(config, args.program), args.month, now))
    with_all = args.month is None
    if args.html is not None:
        zone = meant(config, args.program)[0].rules().tz
        made_at = datetime.fromtimestamp(now, zone).strftime("on %Y-%m-%d at %H:%M %Z")
        _write(args.html, page(reports, with_all=with_all, made_at=made_at))
    if args.json:
        told = [telling.as_json(report, with_all=with_all) for report in reports]
        print(json.dumps(told if len(told) > 1 else told[0]))
        return errors.EXIT_OK
    print("\n\n".join("\n".join(telling.lines(report, with_all=with_all)) for report in reports))
    if args.html is not None:
        print(f"\nthe page is in {args.html}")
    return errors.EXIT_OK


async def _read(config: Config, programs: Sequence[ProgramSettings], month: Month | None, now: int) -> list[Report]:
    """Every program's report, from one snapshot of the ledger that is read once."""
    async with ledger_of(config) as r:
        ids = {program.slug: id_ for program, id_ in await ledger_ids(r, programs)}
        by_id = {ids[program.slug]: Gathered(program.rules().tz) for program in programs if program.slug in ids}
        async for moved in reporting.moved(r, figures.LINKED):
            if moved.program_id in by_id:
                by_id[moved.program_id].take_moved(moved)
        async for sold in reporting.sold(r):
            if sold.program_id in by_id:
                by_id[sold.program_id].take_sold(sold)
        return [await _report(r, program, ids.get(program.slug, _UNKNOWN), by_id, month, now) for program in programs]


async def _report(
    r: Read, program: ProgramSettings, program_id: int, by_id: dict[int, Gathered], month: Month | None, now: int
) -> Report:
    rules = program.rules()
    gathered = by_id.get(program_id, Gathered(rules.tz))
    today = day_of(now, rules.tz)
    month = month or figures.month_at(today)
    earlier = figures.before(month, figures.LAPSING_MONTHS).first
    visitors = await reporting.visitors(r, program_id, month.first, month.last, earlier)
    holders = await reporting.holders(r, program_id)
    balances = await reporting.balances(r, program_id, start_of_day(month.last + 1, rules.tz))
    opening = gathered.flow(0, month.first - 1).net
    return Report(
        slug=program.slug,
        address=address_of(program),
        title=program.title,
        unit=program.unit,
        value=program.point_value,
        month=month,
        of_month=Span(
            gathered.flow(month.first, month.last), opening, gathered.sold(month.first, month.last), visitors, balances
        ),
        in_all=Span(
            gathered.flow(0, month.last), 0, gathered.sold(0, month.last),
            Visitors(visitors.ever, visitors.ever, visitors.lapsing, visitors.ever), balances,
        ),
        days=figures.days_of(gathered, month, today),
        months=figures.months_of(gathered, month),
        pending=gathered.pending,
        unclaimed=gathered.unclaimed,
        deficit=sum(one.deficit for one in holders),
        holders=figures.tiers_of(rules, holders),
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unavailable("disk-unavailable", f"{path}: {error.strerror}") from error


def _month(text: str) -> Month:
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text, re.ASCII)
    if found is None or not 1970 <= int(found[1]) <= 9998:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month; write it like 2026-11")
    return figures.month_of(int(found[1]), int(found[2]))
