"""`nostr-loyalty cards WHO`: what a guest has in all programs, as a guest's client finds it, and whether it is true.

Nothing but relays is asked. Of WHO everybody can see what is public; with the guest's own key (--key) the private cards
and entries are opened too. Every signature, chain, card and rule is checked; exit 1 says that something does not hold.
"""

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kinds.keys import SecretKey, npub_encode
from kinds.program import Program
from nostr_loyalty import errors
from nostr_loyalty.cli import typed
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.errors import UsageWrong
from nostr_loyalty.guest.collecting import Collection, collect, reads
from nostr_loyalty.guest.holding import Holding
from nostr_loyalty.guest.relays import Relays
from nostr_loyalty.guest.rules_in_words import points_of, printable, progress_of
from nostr_loyalty.keyfile import LocatedKey, read_key_file, unlock
from nostr_loyalty.reaching.hosts import Hosts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """[WHO], --key, --relay, --json."""
    parser.add_argument(
        "who", metavar="WHO", nargs="?", type=typed.public_key, help=f"the guest: {typed.WHO} (default: of --key)"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="a file with the guest's own secret key: shows private cards too"
    )
    typed.add_relays(parser, "where to look; may be given several times", required=True)
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Print the cards. 1: something does not verify."""
    key = None if args.key is None else unlock(LocatedKey(read_key_file(args.key), str(args.key)))
    guest = args.who or (key.public if key else None)
    if guest is None:
        raise UsageWrong("say whose cards: WHO (an npub), or --key FILE with the guest's own key")
    if key is not None and key.public != guest:
        raise UsageWrong(f"--key: this is the key of {npub_encode(key.public)}, and opens nothing of anybody else's")
    found, troubles = run_to_the_end(lambda: _look(tuple(args.relay), guest, key))
    if args.json:
        print(json.dumps(_row(guest, found, troubles)))
    else:
        print("\n".join(map(printable, _lines(guest, found))))
    for trouble in troubles:
        typed.warn(trouble)
    return errors.EXIT_DIFFERS if _faults(found) else errors.EXIT_OK


async def _look(urls: tuple[str, ...], guest: str, key: SecretKey | None) -> tuple[Collection, list[str]]:
    clock = SystemClock()
    wanted = reads(guest, private=key is not None)
    async with Relays(urls, clock, resolve=Hosts().resolve, reads=wanted, key=key) as relays:
        found = await collect(relays, guest, key, clock)
        return found, list(relays.troubles.values())


def _faults(found: Collection) -> list[str]:
    return [*found.faults, *(fault for holding in found.holdings for fault in holding.faults)]


def _lines(guest: str, found: Collection) -> list[str]:
    lines = [npub_encode(guest)]
    for holding in found.holdings:
        lines += ["", *_of_holding(holding)]
    if not found.holdings:
        lines.append("  no card and no entry was found")
    if found.unopened:
        wraps = "1 gift wrap" if found.unopened == 1 else f"{found.unopened} gift wraps"
        lines += ["", f"{wraps} to this key did not open and {'was' if found.unopened == 1 else 'were'} left alone"]
    return lines + [f"DOES NOT VERIFY: {fault}" for fault in found.faults]


def _of_holding(holding: Holding) -> list[str]:
    program, card, last = holding.definition, holding.card, holding.chain[-1][1] if holding.chain else None
    title = program.title if program else holding.program
    balance = card.points if card else (last.balance if last else 0)
    points = points_of(program, balance) if program else str(balance)
    tier = f", {_tier(program, card.tier)}" if card and card.tier else ""
    lines = [f"{title}: {points}{tier}"]
    if card is not None:
        seen_by = "private" if holding.is_private else "public"
        lines.append(f"  {seen_by} card at entry {card.seq}, {card.lifetime} earned in all")
        if card.tier_progress is not None:
            reached, needed, name = card.tier_progress
            lines.append(f"  {progress_of(program, reached, needed)} to {_tier(program, name)}")
        if card.next_expiry is not None:
            lines.append(f"  {card.next_expiry.points} run out at {_moment(card.next_expiry.at, program)}")
    issuer = npub_encode(holding.program.split(":")[1])
    if holding.is_unproven:
        lines.append(f"  signed by {issuer}; not one entry is here to verify it by")
    elif not holding.faults:
        since = f" from number {holding.begins} on" if holding.begins > 1 else ""
        count = _entries(len(holding.chain))
        lines.append(f"  verified: {count}{since} signed by {issuer}; numbers, links and sums hold")
    return [
        *lines,
        *(f"  note: {remark}" for remark in holding.remarks),
        *(f"  DOES NOT VERIFY: {fault}" for fault in holding.faults),
    ]


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _tier(program: Program | None, id_: str) -> str:
    return next((tier.title for tier in program.tiers if tier.id == id_), id_) if program else id_


def _moment(unix: int, program: Program | None) -> str:
    """A time in the venue's time zone; the number itself where no calendar has it: anybody can sign any number."""
    try:
        return datetime.fromtimestamp(unix, _tz(program)).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return f"{unix} (seconds since 1970)"


def _tz(program: Program | None) -> ZoneInfo:
    """The venue's time zone; UTC where it names none that is known here."""
    try:
        return ZoneInfo(program.tz if program else "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _row(guest: str, found: Collection, troubles: list[str]) -> dict[str, Any]:
    return {
        "guest": guest,
        "verified": not _faults(found) and not any(holding.is_unproven for holding in found.holdings),
        "cards": [_card(holding) for holding in found.holdings],
        "faults": list(found.faults),
        "unopened": found.unopened,
        "unread": troubles,
    }


def _card(holding: Holding) -> dict[str, Any]:
    card, last = holding.card, holding.chain[-1] if holding.chain else None
    progress, expiry = (card.tier_progress, card.next_expiry) if card else (None, None)
    return {
        "program": holding.program,
        "title": holding.definition.title if holding.definition else None,
        "public": not holding.is_private,
        "points": card.points if card else (last[1].balance if last else 0),
        "tier": card.tier if card else None,
        "lifetime": card.lifetime if card else None,
        "visits_month": card.visits_month if card else None,
        "tier_progress": None if progress is None else progress._asdict(),
        "next_expiry": None if expiry is None else expiry._asdict(),
        "seq": card.seq if card else (last[1].seq if last else 0),
        "head": card.head if card else (last[0].id if last else None),
        "entries": [event.id for event, _ in holding.chain],
        "earlier_entries": [event.id for event, _ in holding.earlier],
        "verified": not holding.faults and not holding.is_unproven,
        "verified_from": holding.begins,
        "faults": list(holding.faults),
        "remarks": list(holding.remarks),
    }
