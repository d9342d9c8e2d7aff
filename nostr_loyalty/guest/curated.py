"""Lists of programs, found at relays: what a curator recommends, and what has become of it (protocol section 12)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kinds import program as programs
from kinds import program_set
from kinds.errors import Unreadable
from kinds.event import Event
from kinds.program import Program
from kinds.program_set import Item, ProgramSet
from kinds.registry import PROGRAM_SET
from kinds.tags import value
from nostr_loyalty.guest.program_search import definitions
from nostr_loyalty.guest.relays import Relays
from relay_client.filter import Filter


class Wanted(NamedTuple):
    """Lists to look for: those of a `curator` (public key, hex), or the one of this `name`; `hints` are relays."""

    curator: str
    name: str | None = None
    hints: tuple[str, ...] = ()


class Found(NamedTuple):
    """A listed program: `definition` is the event, `program` what it says; `fault` why there is nothing to show."""

    item: Item
    definition: Event | None
    program: Program | None
    fault: str | None


class Shelf(NamedTuple):
    """A list with its programs as they are today."""

    listed: ProgramSet
    programs: tuple[Found, ...]


async def lists(relays: Relays, wanted: Sequence[Wanted]) -> list[ProgramSet]:
    """The lists in force of these curators, sorted by curator as asked and then by name; empty where there are none."""
    found: list[ProgramSet] = []
    for each in wanted:
        names = {} if each.name is None else {"#d": (each.name,)}
        asked = Filter(kinds=(PROGRAM_SET,), authors=(each.curator,), tags=names)
        events = [*await relays.ask(asked), *await relays.ask_at(each.hints, asked)]
        found += sorted(_in_force(events), key=lambda one: one.name)
    return found


async def shelves(relays: Relays, listed: Sequence[ProgramSet]) -> list[Shelf]:
    """These lists with the definitions of their programs, each looked up once."""
    items = {item.program: item for one in listed for item in one.items}
    in_force = await definitions(relays, items.values())
    return [Shelf(one, tuple(_found(item, in_force.get(item.program)) for item in one.items)) for one in listed]


def _found(item: Item, definition: Event | None) -> Found:
    if definition is None:
        return Found(item, None, None, "no definition of this program is on any of these relays")
    try:
        return Found(item, definition, programs.parse(definition), None)
    except Unreadable as fault:
        return Found(item, definition, None, f"its definition cannot be read: {fault.detail}")


def _in_force(events: Iterable[Event]) -> list[ProgramSet]:
    """Of several versions of a list the newest; of two in one second the one with the lower id (NIP-01)."""
    newest: dict[str, Event] = {}
    for event in sorted(events, key=lambda one: (one.created_at, -int(one.id, 16))):
        newest[value(event.tags, "d") or ""] = event
    sets = []
    for event in newest.values():
        try:
            sets.append(program_set.parse(event))
        except Unreadable:
            continue
    return sets
