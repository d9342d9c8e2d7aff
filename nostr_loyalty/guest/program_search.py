"""Programs by their addresses: the definition in force of each, wherever it is found."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from kinds import program as wire
from kinds.event import Event
from kinds.program_set import Item
from kinds.registry import PROGRAM
from kinds.tags import value
from nostr_loyalty.guest.relays import Relays
from relay_client.filter import Filter

AT_ONCE: Final = 50
"""Programs that one question is about."""


async def definitions(relays: Relays, wanted: Iterable[Item]) -> dict[str, Event]:
    """The newest definition of each of these programs that is found, by address; first at the relays that were named,
    then at those that stand beside a program.
    """
    items = list(wanted)
    found = newest(await _ask_all(relays, [item.program for item in items]))
    missing: dict[str, list[str]] = {}
    for item in items:
        if item.program not in found and item.relay:
            missing.setdefault(item.relay, []).append(item.program)
    for hint, programs in missing.items():
        for wanted_there in filters(programs):
            found |= newest(await relays.ask_at([hint], wanted_there))
    asked = {item.program for item in items}
    return {address: event for address, event in found.items() if address in asked}


def filters(programs: Iterable[str]) -> Iterator[Filter]:
    """What asks for the definitions of these programs (addresses), and by chance for others of the same issuers."""
    named = iter([wire.parse_address(each) for each in programs])
    while part := list(islice(named, AT_ONCE)):
        slugs, issuers = (tuple(dict.fromkeys(pair[place] for pair in part)) for place in (1, 0))
        yield Filter(kinds=(PROGRAM,), authors=issuers, tags={"#d": slugs})


def newest(events: Iterable[Event]) -> dict[str, Event]:
    """Of several versions of a program's definition the one in force (NIP-01), by the program's address."""
    found: dict[str, Event] = {}
    for event in events:
        address = address_of(event)
        if address is not None and (address not in found or _rank(event) > _rank(found[address])):
            found[address] = event
    return found


def address_of(event: Event) -> str | None:
    """The address of the program that an event defines; None for what defines none."""
    if event.kind != PROGRAM:
        return None
    address = wire.address(event.pubkey, value(event.tags, "d") or "")
    try:
        wire.parse_address(address)
    except ValueError:
        return None
    return address


async def _ask_all(relays: Relays, programs: Sequence[str]) -> list[Event]:
    return [event for wanted in filters(programs) for event in await relays.ask(wanted)]


def _rank(event: Event) -> tuple[int, int]:
    """Of two in one second the one with the lower id is in force."""
    return event.created_at, -int(event.id, 16)
