"""What is asked for, and whether an event is it. Source: NIP-01, filters.

Rules: attributes are joined by and, the values of one attribute by or; an attribute that is not given matches
everything, one that is given without values matches nothing and is refused here; a tag is matched by the first
value after its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Matchable(Protocol):
    """What a filter looks at; Claimed and Event have it."""

    @property
    def id(self) -> str:
        """64 hex."""

    @property
    def pubkey(self) -> str:
        """64 hex."""

    @property
    def created_at(self) -> int:
        """Unix seconds."""

    @property
    def kind(self) -> int:
        """0 to 65535."""

    @property
    def tags(self) -> tuple[tuple[str, ...], ...]:
        """Name first."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A NIP-01 filter. tags: name with its hash sign -> values, as {"#p": (pubkey,)}. since and until are inclusive."""

    kinds: Sequence[int] | None = None
    authors: Sequence[str] | None = None
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ids: Sequence[str] | None = None
    since: int | None = None
    until: int | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse an attribute without values and a tag name that is not "#" and one letter (ValueError)."""
        given = (self.kinds, self.authors, self.ids, *self.tags.values())
        if any(values is not None and len(values) == 0 for values in given):
            raise ValueError("an attribute without values matches nothing: leave it out")
        for name in self.tags:
            if len(name) != 2 or name[0] != "#" or not (name[1].isascii() and name[1].isalpha()):
                raise ValueError(f"relays index single letters only: {name!r}")

    def to_object(self) -> dict[str, object]:
        """The filter as it stands in a REQ, before JSON."""
        attributes: dict[str, object] = {
            "ids": self.ids and list(self.ids),
            "kinds": self.kinds and list(self.kinds),
            "authors": self.authors and list(self.authors),
            **{name: list(values) for name, values in self.tags.items()},
            "since": self.since,
            "until": self.until,
            "limit": self.limit,
        }
        return {name: value for name, value in attributes.items() if value is not None}

    def matches(self, event: Matchable) -> bool:
        """Whether the event is inside; limit has no say."""
        if self.since is not None and event.created_at < self.since:
            return False
        if self.until is not None and event.created_at > self.until:
            return False
        return Matcher(self).matches(event)


class Matcher:
    """A filter's attributes but for since and until, prepared for many events."""

    __slots__ = ("_authors", "_ids", "_kinds", "_tags")

    def __init__(self, wanted: Filter) -> None:
        self._kinds = None if wanted.kinds is None else frozenset(wanted.kinds)
        self._authors = None if wanted.authors is None else frozenset(wanted.authors)
        self._ids = None if wanted.ids is None else frozenset(wanted.ids)
        self._tags = tuple((name[1:], frozenset(values)) for name, values in wanted.tags.items())

    def matches(self, event: Matchable) -> bool:
        """Whether kind, author, id and tags are those that were asked for."""
        if self._kinds is not None and event.kind not in self._kinds:
            return False
        if self._authors is not None and event.pubkey not in self._authors:
            return False
        if self._ids is not None and event.id not in self._ids:
            return False
        return all(_has(event.tags, name, values) for name, values in self._tags)


def _has(tags: tuple[tuple[str, ...], ...], name: str, values: frozenset[str]) -> bool:
    for tag in tags:  # noqa: SIM110 - asked for every event that arrives; a generator costs twice as much
        if tag[0] == name and len(tag) > 1 and tag[1] in values:
            return True
    return False
