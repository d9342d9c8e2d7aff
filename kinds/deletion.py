"""NIP-09, kind 5: an author asks that its own events be deleted.

It is a request that itself stays public for ever, and an `a` tag in it shows the address whole: the address of a public
card ends with its customer's key. What must not be tied to a customer again is therefore deleted by event id alone.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kinds import tags
from kinds.errors import Unreadable
from kinds.event import KIND_MAX, Event, Template
from kinds.registry import DELETION
from kinds.tags import Tags

REFERENCES_MAX: Final = 100
"""So many events one request names, so that it stays far below the size that relays take."""

_CODE: Final = "deletion-malformed"
_ADDRESS = re.compile(r"(0|[1-9][0-9]{0,4}):([0-9a-f]{64}):.*", re.DOTALL)


class Deletion(NamedTuple):
    """`author` (hex) wants `events` (ids) and whatever stands at `addresses` deleted; `kinds` are those of all of them.

    It is about the author's own events only: of each id that, too, is to be checked by whoever hides the event. An
    address is meant with all its versions up to `created_at`.
    """

    author: str
    events: tuple[str, ...]
    addresses: tuple[str, ...]
    kinds: tuple[int, ...]
    reason: str
    created_at: int


def templates(
    events: Mapping[str, int], created_at: int, *, addresses: Iterable[str] = (), reason: str = ""
) -> list[Template]:
    """The requests, for the events' author to sign: as many as it takes, none for nothing.

    `events` is id (hex) to kind, `addresses` are "<kind>:<author>:<d>". ValueError for an address of another form.
    """
    wanted: list[tuple[int, tuple[str, str]]] = [(kind, ("e", id_)) for id_, kind in events.items()]
    for address in addresses:
        kind, _ = _parsed(address)
        wanted.append((kind, ("a", address)))
    written = []
    for start in range(0, len(wanted), REFERENCES_MAX):
        part = wanted[start : start + REFERENCES_MAX]
        kinds = sorted({kind for kind, _ in part})
        references: Tags = (*(tag for _, tag in part), *(("k", str(kind)) for kind in kinds))
        written.append(Template(DELETION, created_at, references, reason))
    return written


def parse(event: Event) -> Deletion:
    """Read a request. Raises Unreadable "deletion-malformed": another kind, or it names nothing of its author's."""
    if event.kind != DELETION:
        raise Unreadable(_CODE, f"kind {event.kind}")
    ids = [tag[1] for tag in tags.all_of(event.tags, "e") if len(tag) > 1 and tags.is_hex64(tag[1])]
    addresses = [tag[1] for tag in tags.all_of(event.tags, "a") if len(tag) > 1 and _is_of(tag[1], event.pubkey)]
    if not ids and not addresses:
        raise Unreadable(_CODE, "it names no event")
    kinds = [_kind(tag) for tag in tags.all_of(event.tags, "k")]
    return Deletion(
        author=event.pubkey,
        events=tuple(dict.fromkeys(ids)),
        addresses=tuple(dict.fromkeys(addresses)),
        kinds=tuple(dict.fromkeys(kind for kind in kinds if kind is not None)),
        reason=event.content,
        created_at=event.created_at,
    )


def _parsed(address: str) -> tuple[int, str]:
    """Kind and author of an address; ValueError for what is none."""
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[1]) > KIND_MAX:
        raise ValueError(f"{address[:100]!r} is no address")
    return int(match[1]), match[2]


def _is_of(address: str, author: str) -> bool:
    try:
        return _parsed(address)[1] == author
    except ValueError:
        return False


def _kind(tag: tuple[str, ...]) -> int | None:
    try:
        kind = tags.whole_number("".join(tag[1:2]))
    except ValueError:
        return None
    return kind if kind <= KIND_MAX else None
