"""`nostr-loyalty inbox list | retry`: what surprised the daemon and was set aside, and another try for it.

A message is set aside when booking it raised something that nobody had thought of; the others went on. Nothing is lost:
it lies in the ledger, is tried again at every start of the daemon, and by `retry`, as after an update.
"""

import argparse
import json
import random
from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple

from kinds.event import Event, Template, rumor_from_canonical
from kinds.keys import npub_encode
from ledger import inbox
from ledger.database import Database
from ledger.errors import LedgerUnavailable
from ledger.inbox import Aside
from nostr_loyalty import errors, logs
from nostr_loyalty.cli.asking import IN_USE, add_list_and_retry, ledger_of, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.config.settings import Config
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.dice import SystemDice
from nostr_loyalty.event_path import EventPath
from nostr_loyalty.intake.patience import Patience
from nostr_loyalty.letter_path import LetterPath
from relay_client.pool import Pool, PoolSettings


class Inbox(NamedTuple):
    """What lies aside, the oldest of it first, and how much in all; how many messages met with each code."""

    aside: list[Aside]
    number: int
    counts: dict[str, int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`inbox list`, `inbox retry`; --json, --config."""
    add_list_and_retry(
        parser, lists="what was set aside, and how many messages met with each code", retries="take it up again"
    )


def run(args: argparse.Namespace) -> int:
    """`list`: exit 0. `retry`: exit 0 when nothing is left aside, 1 when something is, 69 while the daemon runs."""
    config = read_config(args)
    if args.action == "list":
        found = run_to_the_end(lambda: _read(config))
        print(_as_json(found) if args.json else _as_text(found))
        return errors.EXIT_OK
    logs.configure(config.daemon.log_level)
    try:
        before, after = run_to_the_end(lambda: _retry(config))
    except LedgerUnavailable as unavailable:
        if unavailable.code != IN_USE:
            raise
        print("the daemon is running; it takes up what was set aside at its next start")
        return errors.EXIT_UNAVAILABLE
    if args.json:
        print(json.dumps({"retried": before.number, "aside": after.number}))
    elif not before.aside:
        print("nothing was set aside")
    else:
        print(f"{before.number} taken up again, {after.number} set aside again")
    return errors.EXIT_DIFFERS if after.aside else errors.EXIT_OK


async def _read(config: Config) -> Inbox:
    async with ledger_of(config) as r:
        return Inbox(await inbox.set_aside_list(r), await inbox.set_aside_count(r), await inbox.counts(r))


async def _retry(config: Config) -> tuple[Inbox, Inbox]:
    """The inbox before and after. What the messages promise is sent when the daemon runs again."""
    before = await _read(config)
    database = await Database.open(config.daemon.database)
    try:
        if before.aside:
            await (await _path(config, database)).retry_aside()
    finally:
        await database.close()
    return before, await _read(config)


async def _path(config: Config, database: Database) -> EventPath:
    """The daemon's own path, without a relay: it books orders and does what letters ask for."""
    clock = SystemClock()
    pool = Pool(
        settings=PoolSettings(), monotonic=clock.monotonic, wall=clock.now, rng=random.Random(0), sign_auth=_no_auth,
        cursors={}, paces={},
    )  # fmt: skip
    programs = await serve_programs(config, database, clock.now())
    commands = CommandPath(database=database, clock=clock, dice=SystemDice(), promised=_nobody)
    letters = LetterPath(
        programs=programs, commands=commands, dice=SystemDice(), patience=Patience(), let_go=_no_address_is_known
    )
    return EventPath(
        pool=pool, database=database, programs=programs, keys=keys_of(config), clock=clock, dice=SystemDice(),
        batch_max=config.daemon.batch_max, promised=_nobody, letters=letters,
    )  # fmt: skip


def _nobody() -> None:
    """Nobody is there yet to send what is promised."""


def _no_address_is_known(_forgotten: Collection[str]) -> None:
    """What an address book has in memory is let go of when somebody is forgotten; here is none."""


def _no_auth(pubkey: str, _template: Template) -> Event:
    raise AssertionError(f"nothing is connected, and {pubkey} authenticates nowhere")


def _as_json(found: Inbox) -> str:
    aside = [
        {
            "ref": one.ref,
            "created_at": one.created_at,
            "aside_at": one.at,
            "error": _error(one),
            "traceback": one.traceback,
            "document": one.document.decode(),
        }
        for one in found.aside
    ]
    return json.dumps({"aside": aside, "number": found.number, "counts": found.counts}, ensure_ascii=False)


def _as_text(found: Inbox) -> str:
    lines = []
    for one in found.aside:
        message = rumor_from_canonical(one.document)
        when = datetime.fromtimestamp(one.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines += [f"{one.ref}  kind {message.kind} by {npub_encode(message.pubkey)}", f"  {when}  {_error(one)}"]
    shown = f" (the first {len(found.aside)} are shown)" if len(found.aside) < found.number else ""
    lines.append(
        f"{found.number} set aside{shown}" + ("; nostr-loyalty inbox retry takes it up again" * bool(found.aside))
    )
    lines += [f"{count:>9}  {code}" for code, count in sorted(found.counts.items())]
    return "\n".join(lines)


def _error(one: Aside) -> str:
    """The last line of the traceback: what it was."""
    lines = one.traceback.strip().splitlines()
    return lines[-1] if lines else "unknown"
