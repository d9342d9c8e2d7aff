"""`nostr-loyalty lists [WHOSE …]`: programs that somebody recommends, with their rules side by side.

As a guest's client would: nothing but relays is asked. Without WHOSE the lists of a configuration are shown, also
before they are published; so a venue finds out whether every program that it recommends is there.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any, Final

from kinds import program as programs
from kinds.event import to_json
from kinds.keys import naddr_decode, nprofile_decode, npub_encode
from kinds.program_set import Item, ProgramSet
from kinds.registry import PROGRAM, PROGRAM_SET
from nostr_loyalty import errors
from nostr_loyalty.cli import typed
from nostr_loyalty.cli.run import run_to_the_end
from nostr_loyalty.clock import SystemClock
from nostr_loyalty.config.load import load
from nostr_loyalty.errors import UsageWrong
from nostr_loyalty.guest.curated import Found, Shelf, Wanted, lists, shelves
from nostr_loyalty.guest.relays import Relays
from nostr_loyalty.guest.rules_in_words import printable, rules_in_words, side_by_side
from nostr_loyalty.publishing.program_lists import program_set_of
from nostr_loyalty.reaching.hosts import Hosts

WIDTH: Final = 110
"""Columns where there is no terminal."""
Asked = Wanted | ProgramSet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """[WHOSE …], --relay, --config, --json."""
    parser.add_argument(
        "whose", metavar="WHOSE", nargs="*", type=_asked,
        help="a curator (npub, nprofile or 64 hex digits), a list or a program (naddr); default: the configured lists",
    )  # fmt: skip
    typed.add_relays(parser, "where to look (default: the configuration's relays and indexers)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration (TOML)")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace) -> int:
    """Print the lists. 1: there is none, or a listed program does not exist."""
    config = None if args.config is None else load(args.config)
    asked: list[Asked] = list(args.whose)
    if not asked and config is not None:
        asked += [program_set_of(config, each) for each in config.lists]
    urls = tuple(args.relay) or (() if config is None else (*config.daemon.relays, *config.daemon.indexers))
    if not asked:
        raise UsageWrong(
            "there is nothing to show: name a curator (npub) or a list (naddr)"
            + ("" if config is None else ", or add a section [[list]] to the configuration")
        )
    if not urls and not any(_hints(each) for each in asked):
        raise UsageWrong("say where to look: --relay wss://…, or --config FILE")
    private = config is not None and config.daemon.allow_private_relays
    found, looked = run_to_the_end(lambda: _look(urls, asked, Hosts(allow_private=private)))
    bare = [each for each in asked if isinstance(each, Wanted) and not _has(found, each)]
    missing = [listed for shelf in found for listed in shelf.programs if listed.fault is not None]
    if args.json:
        print(json.dumps([_row(shelf) for shelf in found]))
    else:
        print("\n".join(map(printable, _text(found, bare, missing))))
    for trouble in looked:
        typed.warn(trouble)
    return errors.EXIT_DIFFERS if bare or missing else errors.EXIT_OK


async def _look(urls: tuple[str, ...], asked: list[Asked], hosts: Hosts) -> tuple[list[Shelf], list[str]]:
    async with Relays(urls, SystemClock(), resolve=hosts.resolve) as relays:
        listed: list[ProgramSet] = []
        for each in asked:
            listed += await lists(relays, [each]) if isinstance(each, Wanted) else [each]
        return await shelves(relays, listed), list(relays.troubles.values())


def _asked(text: str) -> Asked:
    """A curator, one of its lists, or a program, which is shown as a list of its own."""
    bare = text.strip().removeprefix("nostr:")
    if not bare.startswith("naddr1"):
        hints = nprofile_decode(bare).relays if bare.startswith("nprofile1") else ()
        return Wanted(typed.public_key(text), None, hints)
    try:
        named = naddr_decode(bare)
        if named.kind == PROGRAM:
            program = programs.address(named.pubkey, named.identifier)
            programs.parse_address(program)
            return ProgramSet(named.pubkey, "", items=(Item(program, next(iter(named.relays), "")),))
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text!r}: {fault}") from None
    if named.kind != PROGRAM_SET:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is of kind {named.kind}, neither a list nor a program")
    return Wanted(named.pubkey, named.identifier, named.relays)


def _hints(asked: Asked) -> bool:
    return bool(asked.hints) if isinstance(asked, Wanted) else any(item.relay for item in asked.items)


def _has(found: list[Shelf], wanted: Wanted) -> bool:
    names = [shelf.listed.name for shelf in found if shelf.listed.author == wanted.curator]
    return bool(names) if wanted.name is None else wanted.name in names


def _named(wanted: Wanted) -> str:
    return npub_encode(wanted.curator) + (f" {wanted.name}" if wanted.name is not None else "")


def _lines(shelf: Shelf) -> list[str]:
    listed = shelf.listed
    heading = []
    if listed.name:
        heading = [listed.title or listed.name, f"  {listed.name}, by {npub_encode(listed.author)}"]
        heading += [f"  {listed.description}"] if listed.description else []
    columns = [
        (one.program.title if one.program else one.item.program.split(":")[2], one.program, one.fault)
        for one in shelf.programs
    ]
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    return [*heading, "", *(side_by_side(columns, width) if columns else ["  (no programs)"]), ""]


def _text(found: list[Shelf], bare: list[Wanted], missing: list[Found]) -> list[str]:
    lines = [line for shelf in found for line in _lines(shelf)]
    lines += [f"{_named(each)}: no list of programs was found" for each in bare]
    said = {one.item.program: f"{one.fault}; ask its venue for the address, or take it off the list" for one in missing}
    return lines + [f"{program}: {text}" for program, text in said.items()]


def _row(shelf: Shelf) -> dict[str, Any]:
    listed = shelf.listed
    return {
        "curator": listed.author,
        "name": listed.name,
        "title": listed.title,
        "description": listed.description,
        "image": listed.image,
        "programs": [
            {
                "program": one.item.program,
                "relay": one.item.relay or None,
                "exists": one.program is not None,
                "fault": one.fault,
                "title": None if one.program is None else one.program.title,
                "rules": None if one.program is None else rules_in_words(one.program),
                "definition": None if one.definition is None else json.loads(to_json(one.definition)),
            }
            for one in shelf.programs
        ],
    }
