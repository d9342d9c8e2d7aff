"""What an owner receives from a pool: deliveries by take(), outcomes by outcomes(), happenings by its callback.

Deliveries of one connection come in the order in which the relay sent them, and a CaughtUp comes after every event that
it vouches for: an owner that stores its cursor in the transaction that handled them never loses an event to a crash.
"""

from __future__ import annotations

from typing import NamedTuple

from kinds.event import Claimed
from relay_client.verdict import Verdict


class Arrived(NamedTuple):
    """What a relay says is an event, inside the filter that was asked for. Neither its id nor its signature is checked
    yet.

    The same event comes again and again: from several relays, live and caught up. size: bytes of the relay's text.
    """

    relay: str
    subscription: str
    event: Claimed
    size: int = 0


class CaughtUp(NamedTuple):
    """Everything that the relay held for this subscription when it was asked is delivered. asked_at: unix seconds, our
    clock.

    Once the events before it are safely handled, store asked_at and call Pool.cursor_saved with it.
    """

    relay: str
    subscription: str
    asked_at: int


class Rejected(NamedTuple):
    """The relay sent something instead of an event that we asked for. To be counted, never remembered by id."""

    relay: str
    code: str


Delivery = Arrived | CaughtUp | Rejected


class Outcome(NamedTuple):
    """What became of one post(). key: the pubkey of the connection that carried it, or None."""

    url: str
    key: str | None
    event_id: str
    verdict: Verdict


class Happening(NamedTuple):
    """Something to log. what: a word of errors.HAPPENINGS; number: its measure (seconds, messages a minute), or 0."""

    relay: str
    key: str | None
    what: str
    detail: str = ""
    number: float = 0.0


class Drained(NamedTuple):
    """What a session has for its owner."""

    deliveries: list[Delivery]
    outcomes: list[Outcome]
    happenings: list[Happening]


class RelayState(NamedTuple):
    """How one connection stands, for `status` and for logs. pace: messages a minute, None when unlimited."""

    relay: str
    key: str | None
    connected: bool
    caught_up: bool
    last_error: str
    pace: float | None
    waiting_deliveries: int
    waiting_posts: int
    counts: dict[str, int]
