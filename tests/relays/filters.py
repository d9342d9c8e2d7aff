"""Filters of REQ (NIP-01), compiled once, and the index that finds the subscriptions an event is for.

Rules: a filter's conditions are all met or it does not match; several filters of a REQ are alternatives. An index
entry stands under the most selective condition of its filter, so that a live event costs a few dictionary look-ups
however many subscriptions there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tests.relays.store import Stored


class BadFilter(ValueError):
    """The client's filter is not one; the text is meant for CLOSED."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One compiled filter. `None` means: no condition."""

    ids: frozenset[str] | None
    authors: frozenset[str] | None
    kinds: frozenset[int] | None
    tags: tuple[tuple[str, frozenset[str]], ...]  # (letter, values), each must be met
    since: int | None
    until: int | None
    limit: int | None

    def matches(self, event: Stored) -> bool:
        """NIP-01: `since` and `until` are inclusive; `limit` plays no part."""
        if self.kinds is not None and event.kind not in self.kinds:
            return False
        if self.authors is not None and event.pubkey not in self.authors:
            return False
        if self.ids is not None and event.id not in self.ids:
            return False
        if self.since is not None and event.created_at < self.since:
            return False
        if self.until is not None and event.created_at > self.until:
            return False
        return all(any((letter, value) in event.indexed for value in values) for letter, values in self.tags)

    def index_keys(self) -> list[tuple[Any, ...]]:
        """The index keys of the most selective condition; the same shapes as `Stored.keys`."""
        if self.ids is not None:
            return [("id", each) for each in self.ids]
        if self.tags:
            letter, values = min(self.tags, key=lambda tag: len(tag[1]))
            return [("#", letter, value) for value in values]
        if self.authors is not None and self.kinds is not None:
            return [("both", kind, author) for kind in self.kinds for author in self.authors]
        if self.authors is not None:
            return [("author", each) for each in self.authors]
        if self.kinds is not None:
            return [("kind", each) for each in self.kinds]
        return [("all",)]


def _strings(name: str, value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadFilter(f"{name} must be a list of strings")
    return frozenset(value)


def _number(filter_: dict[str, object], name: str) -> int | None:
    value = filter_.get(name)
    if value is not None and (type(value) is not int or value < 0):
        raise BadFilter(f"{name} must be a number not below 0")
    return value


def compile_filter(given: object) -> Filter:
    """From decoded JSON. Unknown keys are ignored, as NIP-01 lets a relay do. Raises BadFilter."""
    if not isinstance(given, dict):
        raise BadFilter("a filter must be an object")
    kinds = given.get("kinds")
    if kinds is not None and (not isinstance(kinds, list) or not all(type(each) is int for each in kinds)):
        raise BadFilter("kinds must be a list of numbers")
    return Filter(
        ids=_strings("ids", given["ids"]) if "ids" in given else None,
        authors=_strings("authors", given["authors"]) if "authors" in given else None,
        kinds=frozenset(kinds) if kinds is not None else None,
        tags=tuple((name[1], _strings(name, given[name])) for name in given if len(name) == 2 and name[0] == "#"),
        since=_number(given, "since"),
        until=_number(given, "until"),
        limit=_number(given, "limit"),
    )


Subscriber = TypeVar("Subscriber", bound=Hashable)


class LiveIndex(Generic[Subscriber]):
    """Which subscribers wait for an event. A subscriber is any hashable object."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Any, ...], dict[Subscriber, list[Filter]]] = {}

    def add(self, subscriber: Subscriber, filters: list[Filter]) -> None:
        """From now on `find` knows this subscriber."""
        for filter_ in filters:
            for key in filter_.index_keys():
                self._waiting.setdefault(key, {}).setdefault(subscriber, []).append(filter_)

    def remove(self, subscriber: Subscriber, filters: list[Filter]) -> None:
        """The reverse of `add`, with the same filters."""
        for filter_ in filters:
            for key in filter_.index_keys():
                waiting = self._waiting.get(key)
                if waiting is not None:
                    waiting.pop(subscriber, None)
                    if not waiting:
                        del self._waiting[key]

    def find(self, event: Stored) -> Iterator[Subscriber]:
        """Each subscriber at most once, in a stable order."""
        seen: set[Subscriber] = set()
        for key in event.index_keys():
            for subscriber, filters in self._waiting.get(key, {}).items():
                if subscriber not in seen and any(filter_.matches(event) for filter_ in filters):
                    seen.add(subscriber)
                    yield subscriber
