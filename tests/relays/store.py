"""What the scripted relay keeps: every event as the bytes that came in, found by time, kind, author and tag.

Rules (NIP-01 unless named):
- Newest first; of the same second, the lowest id first.
- Of a replaceable or addressable event only the newest is kept; of the same second, the one with the lowest id.
- Ephemeral events are never kept.
- NIP-09: a deletion takes effect on its author's events only, and keeps them out when they come again.
- NIP-40: an expired event is neither taken nor served.

An event's bytes are never rebuilt: a relay that re-serialised could hide a difference that a client must notice.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.relays.filters import Filter

DELETION = 5
RESORT_ABOVE = 64  # that many new entries are sorted in at once; fewer are inserted one by one


@dataclass(slots=True, eq=False)
class Stored:
    """One event, with what is needed to find it. `raw` is its JSON as it came."""

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: list[list[str]]
    raw: bytes
    indexed: frozenset[tuple[str, str]] = frozenset()  # (letter, value) of every single-letter tag
    expires_at: int | None = None
    gone: bool = False
    _keys: list[tuple[Any, ...]] = field(default_factory=list)

    def index_keys(self) -> list[tuple[Any, ...]]:
        """Every index key this event stands under, the most selective kinds of key first."""
        if not self._keys:
            self._keys = [("id", self.id), *(("#", letter, value) for letter, value in self.indexed)]
            self._keys += [("both", self.kind, self.pubkey), ("author", self.pubkey), ("kind", self.kind), ("all",)]
        return self._keys


def stored_from(event: dict[str, Any], raw: bytes) -> Stored:
    """From an event whose shape has been checked."""
    indexed, expires_at = set(), None
    for tag in event["tags"]:
        if len(tag) < 2:
            continue
        if len(tag[0]) == 1:
            indexed.add((tag[0], tag[1]))
        elif tag[0] == "expiration" and tag[1].isdecimal():
            expires_at = int(tag[1])
    return Stored(
        event["id"],
        event["pubkey"],
        event["created_at"],
        event["kind"],
        event["tags"],
        raw,
        frozenset(indexed),
        expires_at,
    )


def is_ephemeral(kind: int) -> bool:
    """NIP-01's range of events that nobody keeps."""
    return 20_000 <= kind < 30_000


def address(event: Stored) -> tuple[int, str, str] | None:
    """What newer versions replace: (kind, author, d), or None for a regular event."""
    if event.kind in (0, 3) or 10_000 <= event.kind < 20_000:
        return event.kind, event.pubkey, ""
    if 30_000 <= event.kind < 40_000:
        return event.kind, event.pubkey, next((tag[1] for tag in event.tags if len(tag) > 1 and tag[0] == "d"), "")
    return None


class _Timeline:
    """Events under one key, newest first. Sorting waits until somebody asks."""

    __slots__ = ("_fresh", "_gone", "_sorted")

    def __init__(self) -> None:
        self._sorted: list[tuple[int, str, Stored]] = []
        self._fresh: list[tuple[int, str, Stored]] = []
        self._gone = 0

    def add(self, entry: tuple[int, str, Stored]) -> None:
        self._fresh.append(entry)

    def one_gone(self) -> None:
        self._gone += 1
        if self._gone > 32 and self._gone * 2 > len(self._sorted) + len(self._fresh):
            self._sorted = [entry for entry in self._sorted if not entry[2].gone]
            self._fresh = [entry for entry in self._fresh if not entry[2].gone]
            self._gone = 0

    def newest_first(self, until: int | None) -> Iterator[tuple[int, str, Stored]]:
        if len(self._fresh) > RESORT_ABOVE:
            self._sorted.extend(self._fresh)
            self._sorted.sort()
        else:
            for entry in self._fresh:
                bisect.insort(self._sorted, entry)
        self._fresh.clear()
        start = 0 if until is None else bisect.bisect_left(self._sorted, (-until,))
        for at in range(start, len(self._sorted)):
            yield self._sorted[at]


class EventStore:
    """All events of one relay, in memory. `now` is unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._by_id: dict[str, Stored] = {}
        self._timelines: dict[tuple[Any, ...], _Timeline] = {}
        self._newest: dict[tuple[int, str, str], Stored] = {}
        self._deleted: set[tuple[str, str]] = set()  # (id, author)
        self._deleted_until: dict[tuple[int, str, str], int] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._by_id

    def all(self) -> list[Stored]:
        """Everything kept, in the order of arrival."""
        return list(self._by_id.values())

    def add(self, event: Stored) -> str:
        """Take an event in. What became of it: "stored", "replaced" (it is an old version), "deleted" or "expired"."""
        if event.expires_at is not None and event.expires_at <= self._now():
            return "expired"
        if (event.id, event.pubkey) in self._deleted:
            return "deleted"
        where = address(event)
        if where is not None:
            if event.created_at <= self._deleted_until.get(where, -1):
                return "deleted"
            known = self._newest.get(where)
            if known is not None:
                if (-known.created_at, known.id) < (-event.created_at, event.id):
                    return "replaced"
                self._remove(known)
            self._newest[where] = event
        self._by_id[event.id] = event
        entry = (-event.created_at, event.id, event)
        for key in event.index_keys():
            if key[0] != "id":
                timeline = self._timelines.get(key)
                if timeline is None:
                    timeline = self._timelines[key] = _Timeline()
                timeline.add(entry)
        if event.kind == DELETION:
            self._delete_for(event)
        return "stored"

    def query(self, filters: Iterable[Filter], cap: int) -> list[Stored]:
        """Newest first, each filter up to its limit or `cap`, every event once."""
        found = [self._query_one(filter_, cap) for filter_ in filters]
        if len(found) == 1:
            return found[0]
        by_id = {event.id: event for events in found for event in events}
        return sorted(by_id.values(), key=lambda event: (-event.created_at, event.id))

    def count(self, filters: Iterable[Filter]) -> int:
        """NIP-45, exact."""
        return len(self.query([_without_limit(filter_) for filter_ in filters], cap=len(self._by_id)))

    def _query_one(self, filter_: Filter, cap: int) -> list[Stored]:
        limit = cap if filter_.limit is None else min(filter_.limit, cap)
        if limit == 0:
            return []
        keys = filter_.index_keys()
        if filter_.ids is not None:
            chosen = [self._by_id[key[1]] for key in keys if key[1] in self._by_id]
            candidates: Iterable[tuple[int, str, Stored]] = sorted((-each.created_at, each.id, each) for each in chosen)
        else:
            lines = [self._timelines[key].newest_first(filter_.until) for key in keys if key in self._timelines]
            candidates = lines[0] if len(lines) == 1 else heapq.merge(*lines)
        return self._take(candidates, filter_, limit)

    def _take(self, candidates: Iterable[tuple[int, str, Stored]], filter_: Filter, limit: int) -> list[Stored]:
        found: list[Stored] = []
        now, last = self._now(), None
        for created, _, event in candidates:
            if filter_.since is not None and -created < filter_.since:
                break
            if event.gone or event is last or not filter_.matches(event):
                continue
            if event.expires_at is not None and event.expires_at <= now:
                continue
            last = event  # one event may stand under two of the keys: equal entries come one after the other
            found.append(event)
            if len(found) == limit:
                break
        return found

    def _delete_for(self, deletion: Stored) -> None:
        for tag in deletion.tags:
            if len(tag) < 2:
                continue
            if tag[0] == "e":
                target = self._by_id.get(tag[1])
                if target is None or (target.pubkey == deletion.pubkey and target.kind != DELETION):
                    self._deleted.add((tag[1], deletion.pubkey))
                    if target is not None:
                        self._remove(target)
            elif tag[0] == "a":
                kind, _, rest = tag[1].partition(":")
                author, _, name = rest.partition(":")
                if author == deletion.pubkey and kind.isdecimal():
                    self._delete_address((int(kind), author, name), deletion.created_at)

    def _delete_address(self, where: tuple[int, str, str], until: int) -> None:
        self._deleted_until[where] = max(until, self._deleted_until.get(where, -1))
        known = self._newest.get(where)
        if known is not None and known.created_at <= until:
            self._remove(known)

    def _remove(self, event: Stored) -> None:
        event.gone = True
        del self._by_id[event.id]
        where = address(event)
        if where is not None and self._newest.get(where) is event:
            del self._newest[where]
        for key in event.index_keys():
            if key[0] != "id":
                self._timelines[key].one_gone()


def _without_limit(filter_: Filter) -> Filter:
    return type(filter_)(filter_.ids, filter_.authors, filter_.kinds, filter_.tags, filter_.since, filter_.until, None)
