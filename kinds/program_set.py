"""Kind 37413: a set of programs, in the form of NIP-51's sets. Protocol section 12.

A curator lists the programs of a town; a customer keeps its own wallet in the set named `my-cards`. Items in clear are
tags; private ones are the JSON text of such tags in the content, encrypted by its author to itself (NIP-44), which is
for whoever has the key. Beside it stands a follow set (kind 30000) of the issuers, for clients that know only those.

Reading is strict about the set and lenient about its items: lists hold more than we know, so what names no program is
left out, and a program that is named twice counts once.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import orjson

from kinds import program, tags
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import FOLLOW_SET, PROGRAM_SET
from kinds.relay_url import normal

WALLET: Final = "my-cards"
"""The name of a customer's own set."""
ITEMS_MAX: Final = 500
"""So many programs of one set are read, in clear and private each."""

_CODE: Final = "program-set-malformed"
_OLD_MUTE_LIST: Final = "mute"


class Item(NamedTuple):
    """A program (its address), and a relay where it is found ("" if unknown)."""

    program: str
    relay: str = ""


class ProgramSet(NamedTuple):
    """The set `name` (its `d` tag) of `author` (hex); `private` is the encrypted text of its private items, or ""."""

    author: str
    name: str
    title: str = ""
    image: str | None = None
    description: str | None = None
    items: tuple[Item, ...] = ()
    private: str = ""


def template(program_set: ProgramSet, created_at: int) -> Template:
    """The set's event, for its author to sign. An updated set takes new items at its end (NIP-51)."""
    written = (*_heading(program_set), *(("a", *_parts(item)) for item in program_set.items))
    return Template(PROGRAM_SET, created_at, written, program_set.private)


def follow_set_template(program_set: ProgramSet, created_at: int) -> Template:
    """The follow set of the same name: each program's issuer once, in the same order.

    ValueError for the name "mute": a follow set of that name is a mute list to clients that know NIP-51's older form.
    """
    if program_set.name == _OLD_MUTE_LIST:
        raise ValueError('a follow set named "mute" is read as a list of people to silence')
    issuers: dict[str, str] = {}
    for item in program_set.items:
        issuer, _ = program.parse_address(item.program)
        issuers[issuer] = issuers.get(issuer) or item.relay
    follows = (("p", issuer, relay) if relay else ("p", issuer) for issuer, relay in issuers.items())
    return Template(FOLLOW_SET, created_at, (*_heading(program_set), *follows), "")


def private_text(items: Iterable[Item]) -> str:
    """What is encrypted into `private`: the items as NIP-51 writes them, a JSON array of tags."""
    return orjson.dumps([("a", *_parts(item)) for item in items]).decode()


def parse(event: Event) -> ProgramSet:
    """Read a set. Raises Unreadable "program-set-malformed": another kind, no name, or a heading that stands twice."""
    if event.kind != PROGRAM_SET:
        raise Unreadable(_CODE, f"kind {event.kind}")
    return ProgramSet(
        author=event.pubkey,
        name=tags.required_value(event.tags, "d", _CODE),
        title=tags.sole_value(event.tags, "title", _CODE) or "",
        image=tags.sole_value(event.tags, "image", _CODE),
        description=tags.sole_value(event.tags, "description", _CODE),
        items=_items(event.tags),
        private=event.content,
    )


def parse_private(text: str) -> tuple[Item, ...]:
    """The private items of a decrypted content. Raises Unreadable "program-set-malformed": no JSON array of tags."""
    try:
        found: Any = orjson.loads(text)
    except ValueError:
        raise Unreadable(_CODE, "the private items are not JSON") from None
    if type(found) is not list:
        raise Unreadable(_CODE, "the private items are not a JSON array")
    if not all(type(tag) is list and tag and all(type(part) is str for part in tag) for tag in found):
        raise Unreadable(_CODE, "a private item is not an array of one or more strings")
    return _items(map(tuple, found))


def _heading(program_set: ProgramSet) -> list[tuple[str, ...]]:
    optional = (("image", program_set.image), ("description", program_set.description))
    return [
        ("d", program_set.name),
        ("title", program_set.title),
        *((name, text) for name, text in optional if text is not None),
    ]


def _parts(item: Item) -> tuple[str, ...]:
    return (item.program, item.relay) if item.relay else (item.program,)


def _items(written: Iterable[tuple[str, ...]]) -> tuple[Item, ...]:
    found: dict[str, Item] = {}
    for tag in tags.all_of(written, "a"):
        if len(tag) < 2 or tag[1] in found:
            continue
        try:
            program.parse_address(tag[1])
        except ValueError:
            continue
        found[tag[1]] = Item(tag[1], (normal(tag[2]) or "") if len(tag) > 2 else "")
        if len(found) == ITEMS_MAX:
            break
    return tuple(found.values())
