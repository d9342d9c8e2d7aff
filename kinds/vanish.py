"""NIP-62, kind 62: somebody asks relays to forget everything of a key. We take it as that customer's "forget me".

The request is to named relays or to all of them. It is signed; a copy of it that came as the rumor of a gift wrap is
proven by its seal.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from kinds import tags
from kinds.errors import Unreadable
from kinds.event import Event, Rumor, Template
from kinds.registry import VANISH_REQUEST
from kinds.relay_url import normal

ALL_RELAYS: Final = "ALL_RELAYS"
"""The word that stands where else a relay's URL does, in upper case."""

_CODE: Final = "vanish-malformed"


class VanishRequest(NamedTuple):
    """`author` (hex) wants what it wrote until `created_at` forgotten, on `relays` or `everywhere`.

    `id` is the event's or the rumor's: what makes a request count once.
    """

    id: str
    author: str
    relays: tuple[str, ...]
    everywhere: bool
    reason: str
    created_at: int

    def concerns(self, relays: Iterable[str]) -> bool:
        """Whether it is to all relays, or to one of these."""
        return self.everywhere or any(normal(relay) in self.relays for relay in relays)


def template(relays: Iterable[str], created_at: int, *, everywhere: bool = False, reason: str = "") -> Template:
    """The request, for its key to sign. ValueError: it is to nobody, or to what is no relay."""
    words = [ALL_RELAYS] if everywhere else []
    for relay in relays:
        url = normal(relay)
        if url is None:
            raise ValueError(f"{relay[:100]!r} is no relay's URL")
        words.append(url)
    if not words:
        raise ValueError("a request to vanish names a relay, or all of them")
    return Template(VANISH_REQUEST, created_at, tuple(("relay", word) for word in dict.fromkeys(words)), reason)


def parse(event: Event | Rumor) -> VanishRequest:
    """Read a request whose author is proven. Raises Unreadable "vanish-malformed": another kind, or to nobody."""
    if event.kind != VANISH_REQUEST:
        raise Unreadable(_CODE, f"kind {event.kind}")
    words = [tag[1] for tag in tags.all_of(event.tags, "relay") if len(tag) > 1]
    relays = dict.fromkeys(url for url in map(normal, words) if url is not None)
    everywhere = ALL_RELAYS in words
    if not relays and not everywhere:
        raise Unreadable(_CODE, "it is to no relay")
    return VanishRequest(
        id=event.id,
        author=event.pubkey,
        relays=tuple(relays),
        everywhere=everywhere,
        reason=event.content,
        created_at=event.created_at,
    )
