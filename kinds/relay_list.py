"""Where somebody is found: kind 10002 (NIP-65, read and write relays) and kind 10050 (NIP-17, DM relays).

Reading is lenient about single entries and strict about the event: a URL that is not a relay's is left out, so that one
typing error does not make a person unreachable. URLs come in their normal form (`relay_url`), each once, and of a long
list the first few: whoever writes a list makes its readers connect.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import DM_RELAY_LIST, RELAY_LIST
from kinds.relay_url import normal
from kinds.tags import all_of

RELAYS_MAX: Final = 10
"""So many relays of one list are taken, to read and to write each; NIP-65 and NIP-17 advise to name one to four."""


@dataclass(frozen=True, slots=True)
class RelayList:
    """Where `owner` writes, and where it reads what mentions it. A relay without a marker is in both."""

    owner: str
    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DmRelayList:
    """Where `owner` takes gift wraps."""

    owner: str
    relays: tuple[str, ...]


def template(read: Sequence[str], write: Sequence[str], created_at: int) -> Template:
    """A 10002; a relay in both lists is written once, without a marker."""
    both = [url for url in write if url in read]
    tags = [("r", url) for url in dict.fromkeys(both)]
    tags_read = [("r", url, "read") for url in dict.fromkeys(read) if url not in both]
    tags_write = [("r", url, "write") for url in dict.fromkeys(write) if url not in both]
    return Template(RELAY_LIST, created_at, (*tags, *tags_read, *tags_write), "")


def dm_template(relays: Sequence[str], created_at: int) -> Template:
    """A 10050."""
    return Template(DM_RELAY_LIST, created_at, tuple(("relay", url) for url in dict.fromkeys(relays)), "")


def parse(event: Event) -> RelayList:
    """Read a 10002. Raises Unreadable "relay-list-malformed" for another kind."""
    if event.kind != RELAY_LIST:
        raise Unreadable("relay-list-malformed", f"kind {event.kind}")
    marked = [(tag[1], tag[2] if len(tag) > 2 else "") for tag in all_of(event.tags, "r") if len(tag) > 1]
    read = _relays(url for url, marker in marked if marker in ("", "read"))
    write = _relays(url for url, marker in marked if marker in ("", "write"))
    return RelayList(event.pubkey, read, write)


def parse_dm(event: Event) -> DmRelayList:
    """Read a 10050. Raises Unreadable "relay-list-malformed" for another kind."""
    if event.kind != DM_RELAY_LIST:
        raise Unreadable("relay-list-malformed", f"kind {event.kind}")
    return DmRelayList(event.pubkey, _relays(tag[1] for tag in all_of(event.tags, "relay") if len(tag) > 1))


def _relays(urls: Iterable[str]) -> tuple[str, ...]:
    relays = dict.fromkeys(relay for relay in map(normal, urls) if relay is not None)
    return tuple(relays)[:RELAYS_MAX]
