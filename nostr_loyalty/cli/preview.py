"""`nostr-loyalty preview ORDER.json`: what an order would earn and why, rule by rule. Nothing is written.

The configuration's rules decide, by the code of the daemon, on what the ledger has of the customer; without a ledger,
as for somebody new. A program that a message has paused stays so.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

from kinds.keys import npub_encode
from kinds.tags import value
from ledger import orders, programs, standings, waiting_refunds
from ledger.database import Database, Read
from nostr_loyalty import errors
from nostr_loyalty.cli.asking import add_program, address_of, ledger_ids, local_time, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.settings import Config, ProgramSettings
from nostr_loyalty.desk import completing
from nostr_loyalty.desk.crediting import HELD
from nostr_loyalty.desk.facts import Facts
from nostr_loyalty.desk.order_desk import order_name
from nostr_loyalty.errors import Unavailable, UsageWrong
from nostr_loyalty.intake.recognition import NotForUs, OrderMessage, Rejection, recognise
from nostr_loyalty.programs import ServedPrograms
from nostr_loyalty.reports import trial
from nostr_loyalty.reports.trial import Tried

FILE_BYTES_MAX: Final = 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """ORDER.json, --program, --json, --config."""
    parser.add_argument(
        "order", metavar="ORDER.json",
        help="a kind 7412 event, or its rumor or template without id, author and signature; - for standard input",
    )  # fmt: skip
    add_program(parser)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when the order would be taken; 1 when it would be refused, with the reason; 2 when it is none."""
    config = read_config(args)
    now = SystemClock().now()
    program, message = _recognised(config, _text(args.order), args, now)
    if isinstance(message, str):
        print(json.dumps({"result": "rejected", "text": message}) if args.json else f"it would be rejected: {message}")
        return errors.EXIT_DIFFERS
    tried = run_to_the_end(lambda: _try(config, program, message, now))
    print(json.dumps(_as_json(message, tried), ensure_ascii=False) if args.json else _as_text(program, message, tried))
    return errors.EXIT_DIFFERS if tried.reply.result == "rejected" else errors.EXIT_OK


def _recognised(
    config: Config, text: str, args: argparse.Namespace, now: int
) -> tuple[ProgramSettings, OrderMessage | str]:
    """The program that the order is for, and the order; or the sentence with which the door turns it away."""
    asked = meant(config, args.program)
    source = asked[0].sources[0] if asked[0].sources else trial.NOBODY
    wanted = address_of(asked[0]) if len(asked) == 1 else None
    try:
        order = trial.read_order(text, source=source, program=wanted, instead=args.program is not None, now=now)
    except ValueError as fault:
        raise UsageWrong(f"{args.order}: {fault}") from None
    named = value(order.tags, "a")
    program = next((one for one in asked if address_of(one) == named), asked[0])
    served = trial.served(program, config.daemon, address_of(program), trial.NEW_CUSTOMER)
    found = recognise(trial.as_message(order), ServedPrograms([served]), program.key.public, now)
    if isinstance(found, OrderMessage):
        return program, found
    if isinstance(found, Rejection):
        return program, f"{found.code}: {found.sentence}"
    return program, found.code if isinstance(found, NotForUs) else "no order"


async def _try(config: Config, program: ProgramSettings, message: OrderMessage, now: int) -> Tried:
    if not config.daemon.database.exists():
        return trial.attempt(message, _facts_of_somebody_new(message, Facts()), now)
    database = await Database.open(config.daemon.database, readers=1, read_only=True)
    try:
        async with database.read() as r:
            for _, ledger_id in await ledger_ids(r, [program]):
                served = trial.served(program, config.daemon, address_of(program), ledger_id)
                message = message._replace(program=served.as_in_force((await programs.in_force(r)).get(ledger_id)))
            facts = await _facts(r, message, now)
    finally:
        await database.close()
    return trial.attempt(message, _facts_of_somebody_new(message, facts), now)


async def _facts(r: Read, message: OrderMessage, now: int) -> Facts:
    """What the daemon would gather; the ledger is only read, so that a customer who is new is not made."""
    program, customer = message.program, message.order.customer
    names = [order_name(message)]
    known = await orders.find(r, names)
    found = await standings.find_standings(r, [(program.ledger_id, customer)]) if customer is not None else {}
    owners = [row.standing_id for row in known.values() if row.standing_id is not None]
    facts = Facts(
        standings={one.id: one for one in found.values()} | await standings.standings_by_id(r, owners),
        standing_ids={pair: one.id for pair, one in found.items()},
        orders=known,
        waiting=await waiting_refunds.find(r, names),
    )
    await completing.follow(r, facts)
    first_day = completing.first_day_of(program.rules, [message.order.paid_at], now)
    await completing.count(r, facts, {program.ledger_id: first_day})
    await completing.stamp(r, facts, {program.ledger_id: program.rules}, {program.ledger_id: [message.order.paid_at]})
    await completing.offer(r, facts, {program.ledger_id: program.rules}, now)
    return facts


def _facts_of_somebody_new(message: OrderMessage, facts: Facts) -> Facts:
    """With a standing for a customer that the ledger does not have."""
    pair = (message.program.ledger_id, message.order.customer or "")
    if message.order.customer is not None and pair not in facts.standing_ids:
        standing = trial.new_standing(*pair)
        facts.standings[standing.id] = standing
        facts.standing_ids[pair] = standing.id
        facts.tallies[standing.id] = []
    return facts


def _as_json(message: OrderMessage, tried: Tried) -> dict[str, Any]:
    row, reply = tried.row, tried.reply
    return {
        "program": message.program.address,
        "order": message.reference,
        "customer": message.order.customer,
        "result": reply.result,
        "reason": reply.reason,
        "points": sum(part.points for part in tried.parts),
        "parts": [part._asdict() for part in tried.parts],
        "claimable": row is not None and row.standing_id is None,
        "pending_until": None if row is None or row.held else row.pending_until,
        "held": row is not None and bool(row.held),
        "tier_before": tried.before.tier if tried.before else None,
        "tier_after": tried.after.tier if tried.after else None,
        "balance_after": tried.after.balance if tried.after else None,
        "text": _line(tried),
    }


def _as_text(program: ProgramSettings, message: OrderMessage, tried: Tried) -> str:
    row, reply, rules = tried.row, tried.reply, program.rules()
    amount = " ".join(message.order.amount)
    told = [
        f"{program.title}: order {message.reference}, {amount}, paid {local_time(program, message.order.paid_at)}",
        _who(tried, message),
    ]
    if reply.result == "rejected":
        return "\n".join([*told, f"it would be rejected: {reply.reason}: {reply.text}"])
    if not tried.parts and reply.result == "duplicate":
        return "\n".join([*told, "it was counted before: nothing would happen"])
    wide = max((len(part.rule) for part in tried.parts), default=0)
    told += [f"  {part.rule:<{wide}}  {part.points:>+6}  {part.why}" for part in tried.parts]
    told.append(f"  {'in all':<{wide}}  {sum(part.points for part in tried.parts):>+6}  {program.unit[1]}")
    if row is not None and row.held:
        told.append("the guard would hold the points until an operator releases them")
    elif row is not None and row.pending_until is not None and row.pending_until < HELD:
        told.append(f"the points would wait until {local_time(program, row.pending_until)}")
    if rules.tiers and tried.before is not None and tried.after is not None:
        titles = [tier.title if (tier := rules.tier(one.tier)) else "none" for one in (tried.before, tried.after)]
        told.append(f"tier before {titles[0]}, after {titles[1]}")
    line = _line(tried)
    return "\n".join([*told, *([f"the order monitor would read: {line}"] if line else []), "nothing was written"])


def _who(tried: Tried, message: OrderMessage) -> str:
    if message.order.customer is None:
        return "no customer: the points would wait for whoever claims the receipt"
    npub = npub_encode(message.order.customer)
    if tried.before is None:
        return f"customer {npub}"
    moved = "" if tried.before.customer == message.order.customer else ", who has moved to another key"
    there = "new here" if not tried.before.visits and not tried.before.seq else f"{tried.before.balance} points so far"
    return f"customer {npub}{moved}: {there}"


def _line(tried: Tried) -> str | None:
    """The line of the order monitor; a claim code that nobody was given is not shown."""
    return None if tried.reply.claim is not None else tried.reply.text


def _text(name: str) -> str:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
        return content[:FILE_BYTES_MAX].decode("utf-8-sig")
    except OSError as error:
        raise Unavailable("disk-unavailable", f"{name}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageWrong(f"{name}: not UTF-8") from None
