"""`nostr-loyalty import FILE`: balances that a venue brings along, from CSV or JSON lines; a dry run without --yes.

Each line becomes a grant by the program itself, and happens once however often the file is imported.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from ledger import actions
from ledger.database import Database
from ledger.standings import find_standings
from nostr_loyalty import errors, logs
from nostr_loyalty.cli.acting import LATER, perform
from nostr_loyalty.cli.asking import add_config, address_of, amount_of, ledger_ids, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.control.request import Asked
from nostr_loyalty.errors import Unavailable, UsageWrong
from nostr_loyalty.reports import old_balances
from nostr_loyalty.reports.cells import Format
from nostr_loyalty.reports.old_balances import Brought, Mistake
from nostr_loyalty.rules.calendar import day_of

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
SHOWN_MAX: Final = 100
"""Mistakes and refusals that are listed."""
PAGE: Final = 500
FORGOTTEN: Final = "customer: a pseudonym of somebody who was forgotten, and nobody's key; take the line out"


class Known(NamedTuple):
    """What the ledger has already: refs of lines that were booked, customers, and those of them who were forgotten."""

    refs: set[str]
    customers: set[str]
    pseudonyms: set[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --format, --dry-run or --yes, --program, --json, --config."""
    parser.add_argument(
        "file", metavar="FILE", type=Path,
        help="columns customer (npub or hex), points, and if wanted reason, expires (YYYY-MM-DD, the last day)",
    )  # fmt: skip
    parser.add_argument("--format", choices=["csv", "jsonl"], help="default: by the file's name, else csv")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--dry-run", action="store_true", help="only say what would happen (the default)")
    which.add_argument("--yes", action="store_true", help="book it")
    parser.add_argument("--program", metavar="SLUG", help="the program; may be left out where there is only one")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when every line is good (and, with --yes, booked now or before); 1 with a line for each that is not."""
    config = read_config(args)
    programs = meant(config, args.program)
    if len(programs) > 1:
        raise UsageWrong(f"--program: name one of {', '.join(program.slug for program in programs)}")
    (program,) = programs
    tz = program.rules().tz
    rows, mistakes = old_balances.read(
        _text(args.file), _format(args), program=address_of(program), today=day_of(SystemClock().now(), tz), tz=tz
    )
    if mistakes:
        return _tell_mistakes(args.file, mistakes, as_json=args.json)
    known = run_to_the_end(lambda: _known(config, program, rows))
    if known.pseudonyms:
        mistakes = [Mistake(row.line, FORGOTTEN) for row in rows if row.grant.who in known.pseudonyms]
        return _tell_mistakes(args.file, mistakes, as_json=args.json)
    if not args.yes:
        _tell_plan(args, program, rows, known)
        return errors.EXIT_OK
    logs.configure("warning")
    asked = [Asked(program.slug, None, "operator", row.ref, row.grant) for row in rows]
    performed = run_to_the_end(lambda: perform(config, asked))
    return _tell_outcomes(args, program, rows, performed.outcomes, by_daemon=performed.by_daemon)


async def _known(config: Config, program: ProgramSettings, rows: Sequence[Brought]) -> Known:
    """Read from the ledger, page by page; nothing where no daemon has run yet."""
    found = Known(set(), set(), set())
    if not config.daemon.database.exists():
        return found
    database = await Database.open(config.daemon.database, readers=1, read_only=True)
    try:
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            async with database.read() as r:
                for row in page:
                    if await actions.by_ref(r, row.ref) is not None:
                        found.refs.add(row.ref)
                for _, id_ in await ledger_ids(r, [program]):
                    wanted = list(dict.fromkeys((id_, row.grant.who) for row in page))
                    there = await find_standings(r, wanted)
                    found.customers.update(customer for _, customer in there)
                    found.pseudonyms.update(one.customer for one in there.values() if one.forgotten)
    finally:
        await database.close()
    return found


def _tell_mistakes(file: Path, mistakes: Sequence[Mistake], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"mistakes": [one._asdict() for one in mistakes]}))  # a file may name half a character
        return errors.EXIT_DIFFERS
    for one in mistakes[:SHOWN_MAX]:
        print(f"{file}:{one.line}: {one.what}", file=sys.stderr)
    more = f" (the first {SHOWN_MAX} are shown)" if len(mistakes) > SHOWN_MAX else ""
    print(
        f"nothing was booked: {len(mistakes)} mistakes{more}" if len(mistakes) > 1 else "nothing was booked: 1 mistake"
    )
    return errors.EXIT_DIFFERS


def _tell_plan(args: argparse.Namespace, program: ProgramSettings, rows: Sequence[Brought], known: Known) -> None:
    to_book = [row for row in rows if row.ref not in known.refs]
    times = Counter(row.grant.who for row in rows)
    lasting = Counter({row.last_day: 0 for row in to_book})
    for row in to_book:
        lasting[row.last_day] += row.grant.points
    if args.json:
        print(json.dumps({
            "program": program.slug, "lines": len(rows), "booked_before": len(rows) - len(to_book),
            "to_book": len(to_book), "points": lasting.total(), "customers": len(times),
            "new_customers": len(times.keys() - known.customers),
            "named_more_than_once": sorted(who for who, count in times.items() if count > 1),
        }))  # fmt: skip
        return
    print(f"{args.file}: {_counted(len(rows), 'line')} for {program.title}")
    print(f"  {_counted(len(times), 'customer')}, {len(times.keys() - known.customers)} of them new here")
    again = sum(count > 1 for count in times.values())
    if again:
        print(f"  {_counted(again, 'customer')} named more than once: each line counts")
    if len(to_book) < len(rows):
        print(f"  {_counted(len(rows) - len(to_book), 'line')} booked before: not again")
    print(f"  {_counted(len(to_book), 'line')} to book: {amount_of(program, lasting.total())}")
    for last_day, points in sorted(lasting.items(), key=lambda each: (each[0] is None, each[0] or 0)):
        until = "as the program's points do" if last_day is None else f"up to and with {date.fromordinal(last_day)}"
        print(f"    {amount_of(program, points)} that live {until}")
    print("nothing was booked yet; say --yes to book it" if to_book else "there is nothing to book")


def _tell_outcomes(
    args: argparse.Namespace, program: ProgramSettings, rows: Sequence[Brought], outcomes: Sequence[Outcome], *,
    by_daemon: bool,
) -> int:  # fmt: skip
    """What became of each line; the exit code."""
    became = Counter(outcome.result for outcome in outcomes)
    points = sum(row.grant.points for row, one in zip(rows, outcomes, strict=True) if one.result == "done")
    refused = [(row.line, one) for row, one in zip(rows, outcomes, strict=True) if one.result == "refused"]
    if args.json:
        print(json.dumps({
            "program": program.slug, "booked": became["done"], "booked_before": became["duplicate"], "points": points,
            "refused": [{"line": line, "code": one.code, "text": one.text} for line, one in refused],
            "daemon": by_daemon,
        }))  # fmt: skip
    else:
        for line, one in refused[:SHOWN_MAX]:
            print(f"{args.file}:{line}: {one.code}: {one.text}", file=sys.stderr)
        print(f"{_counted(became['done'], 'line')} booked: {amount_of(program, points)}")
        if became["duplicate"]:
            print(f"{_counted(became['duplicate'], 'line')} booked before: not again")
        if refused:
            print(f"{_counted(len(refused), 'line')} refused")
        if became["done"] and not by_daemon:
            print(LATER)
    return errors.EXIT_DIFFERS if refused else errors.EXIT_OK


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _format(args: argparse.Namespace) -> Format:
    if args.format is not None:
        form: Format = args.format
        return form
    return "jsonl" if args.file.suffix.lower() in (".jsonl", ".ndjson", ".json") else "csv"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Unavailable("disk-unavailable", f"{path}: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise UsageWrong(f"{path}: larger than {FILE_BYTES_MAX} bytes; split the file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageWrong(f"{path}:{line}: not UTF-8; save the file as UTF-8") from None
