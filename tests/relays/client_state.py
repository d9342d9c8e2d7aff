"""What the scripted relay remembers about one client, and the lines of its journal."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.relays.filters import Filter
from tests.relays.websocket import Connection


@dataclass(slots=True, eq=False)
class Client:
    """One socket. `keys` are the public keys it has proved to hold (NIP-42)."""

    connection: Connection
    number: int  # 1, 2, 3 ... in the order of connecting
    subscriptions: dict[str, LiveSubscription] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    challenge: str | None = None  # the latest one; an older one is worth nothing
    received: int = 0
    sent: int = 0
    minute_began: float = 0.0
    received_this_minute: int = 0


@dataclass(slots=True, eq=False)
class LiveSubscription:
    """One REQ that is still open."""

    client: Client
    name: str
    filters: list[Filter]
    prefix: bytes = b""  # of every EVENT message: ["EVENT","name",
    held_back: list[bytes] = field(default_factory=list)  # live events that a fault lets others overtake


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the journal. `sent` is seen from the relay: True = relay to client."""

    client: int
    sent: bool
    text: str
