"""Where somebody is found: kind 10002 (NIP-65, read and write relays) and kind 10050 (NIP-17, DM relays).

Reading is lenient about single entries and strict about the event: a URL that is not a relay's is left out, so that one
typing error does not make a person unreachable.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import DM_RELAY_LIST, RELAY_LIST
from kinds.tags import all_of

RELAYS_MAX: Final = 20
"""So many relays of one list are read; NIP-65 and NIP-17 advise to name two to four."""

_RELAY_URL = re.compile(r"wss?://[^\s/?#]{1,253}(?:/[^\s]{0,512})?", re.IGNORECASE)


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
    read: list[str] = []
    write: list[str] = []
    for tag in all_of(event.tags, "r")[:RELAYS_MAX]:
        if len(tag) < 2 or not _is_relay(tag[1]):
            continue
        marker = tag[2] if len(tag) > 2 else ""
        if marker in ("", "read"):
            read.append(tag[1])
        if marker in ("", "write"):
            write.append(tag[1])
    return RelayList(event.pubkey, tuple(dict.fromkeys(read)), tuple(dict.fromkeys(write)))


def parse_dm(event: Event) -> DmRelayList:
    """Read a 10050. Raises Unreadable "relay-list-malformed" for another kind."""
    if event.kind != DM_RELAY_LIST:
        raise Unreadable("relay-list-malformed", f"kind {event.kind}")
    urls = [tag[1] for tag in all_of(event.tags, "relay")[:RELAYS_MAX] if len(tag) > 1 and _is_relay(tag[1])]
    return DmRelayList(event.pubkey, tuple(dict.fromkeys(urls)))


def _is_relay(url: str) -> bool:
    return _RELAY_URL.fullmatch(url) is not None
