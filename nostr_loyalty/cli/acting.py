"""What the commands that change something have in common: who asks, for which program, and who decides.

A running daemon is asked over its socket, since one process writes. Without one the ledger is opened here and the same
command path is run once; what that promises is sent when the daemon runs next. The daemon may start, stop or be killed
meanwhile: the command is asked again with the same ref, and happens once.
"""

import argparse
import asyncio
import json
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.database import Database
from ledger.errors import LedgerUnavailable
from nostr_loyalty import errors, logs
from nostr_loyalty.cli import typed
from nostr_loyalty.cli.asking import IN_USE, add_config, meant, read_config
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.command_path import CommandPath
from nostr_loyalty.commands.command import Command, Role
from nostr_loyalty.commands.fields import from_fields, to_fields
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.config.settings import Config
from nostr_loyalty.control.address import socket_of
from nostr_loyalty.control.client import NoAnswer, connected
from nostr_loyalty.control.request import Asked, fields_of, resolved
from nostr_loyalty.daemon import serve_programs
from nostr_loyalty.dice import SystemDice
from nostr_loyalty.errors import Unavailable, UsageWrong

PATIENCE_S: Final = 15.0
"""How long a ledger may be held by somebody who does not answer: a daemon that starts or stops, another command."""
LOOK_S: Final = 0.1
AT_ONCE: Final = 256
"""Commands in one transaction, where there are many and no daemon runs."""
LATER: Final = "The daemon is not running; what this promises is sent when it runs next."


class Performed(NamedTuple):
    """What became of each command, and whether a running daemon decided on the last of them."""

    outcomes: list[Outcome]
    by_daemon: bool


def add_acting(parser: argparse.ArgumentParser, *, operator: bool = True) -> None:
    """--program, --id, --json, --config; for what operators do also --as."""
    parser.add_argument("--program", metavar="SLUG", help="the program; may be left out where there is only one")
    if operator:
        parser.add_argument(
            "--as", dest="actor", metavar="NPUB", type=typed.public_key,
            help="the operator who does it: one of the program's (default: the program itself)",
        )  # fmt: skip
    parser.add_argument(
        "--id", dest="ref", metavar="HEX", type=typed.ref,
        help="64 hex digits that make it happen once: with the same it can be asked again (default: random)",
    )  # fmt: skip
    add_config(parser)


def act(args: argparse.Namespace, command: Command, *, customer: str | None = None) -> int:
    """Have it done, by an operator or for a customer, and print what became of it; the exit code: 1 when refused."""
    config = read_config(args)
    slug = _one_program(config, args.program)
    role: Role = "operator" if customer is None else "customer"
    actor = args.actor if customer is None else customer
    asked = Asked(slug, actor, role, args.ref or secrets.token_hex(32), _checked(command))
    logs.configure("warning")
    performed = run_to_the_end(lambda: perform(config, [asked]))
    (outcome,) = performed.outcomes
    if args.json:
        more = {"program": slug, "id": asked.ref, "daemon": performed.by_daemon}
        print(json.dumps({**fields_of(outcome), **more}, ensure_ascii=False))
    else:
        print(outcome.text)
        if outcome.result == "done" and not performed.by_daemon:
            print(LATER)
    return errors.EXIT_DIFFERS if outcome.result == "refused" else errors.EXIT_OK


async def perform(config: Config, asked: Sequence[Asked]) -> Performed:
    """Have these done, one after another, by the running daemon or here. An empty list is nothing to do.

    Unavailable, LedgerUnavailable: some of them may have been done; asked again with their refs they happen once.
    """
    outcomes: list[Outcome] = []
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        before = len(outcomes)
        try:
            async with connected(socket_of(config.daemon.database)) as daemon:
                while len(outcomes) < len(asked):
                    outcomes.append(await daemon.ask(asked[len(outcomes)]))
            return Performed(outcomes, by_daemon=True)
        except NoAnswer:
            pass
        try:
            return Performed([*outcomes, *await _here(config, asked[len(outcomes) :])], by_daemon=False)
        except LedgerUnavailable as unavailable:
            if unavailable.code != IN_USE:
                raise
            now = asyncio.get_running_loop().time()
            if len(outcomes) > before:
                deadline = now + PATIENCE_S
            if now > deadline:
                where = socket_of(config.daemon.database)
                raise Unavailable(
                    "daemon-unreachable", f"{unavailable.detail} It does not answer at {where}."
                ) from None
        await asyncio.sleep(LOOK_S)


async def _here(config: Config, asked: Sequence[Asked]) -> list[Outcome]:
    database = await Database.open(config.daemon.database)
    try:
        clock = SystemClock()
        programs = await serve_programs(config, database, clock.now())
        path = CommandPath(database=database, clock=clock, dice=SystemDice(), promised=lambda: None)
        outcomes: list[Outcome] = []
        for at in range(0, len(asked), AT_ONCE):
            requests = [resolved(each, programs, clock.now()) for each in asked[at : at + AT_ONCE]]
            outcomes += await path.run(requests)
        return outcomes
    finally:
        await database.close()


def _one_program(config: Config, slug: str | None) -> str:
    programs = meant(config, slug)
    if len(programs) > 1:
        slugs = ", ".join(program.slug for program in programs)
        raise UsageWrong(f"--program: there are several programs; name one of: {slugs}")
    return programs[0].slug


def _checked(command: Command) -> Command:
    """The command, if it is one that would be understood over the line, too."""
    try:
        json.dumps(to_fields(command), ensure_ascii=False).encode()
        return from_fields(to_fields(command))
    except UnicodeEncodeError:
        raise UsageWrong("a text holds bytes that are no UTF-8") from None
    except ValueError as fault:
        raise UsageWrong(str(fault)) from None
