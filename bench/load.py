"""The orders of a venue, signed beforehand and framed, so that sending them costs the load generator nothing.

Orders are dated one after another, `PER_SECOND_MAX` in a second, the last one now: a till's orders are, and no reader
behind a relay's cap of 500 could page through more of one second.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import orjson

from bench.relay_socket import framed
from kinds.event import Event, to_json
from kinds.keys import SecretKey
from tests.venue import Venue, new_key

PER_SECOND_MAX = 200
MINOR_MAX = 40_000

Mode = Literal["public", "private", "private, wrapped orders"]


@dataclass(slots=True)
class Customers:
    """Whose points they are; `keys` is empty where nobody has to open anything."""

    publics: list[str]
    keys: dict[str, SecretKey] = field(default_factory=dict)

    @classmethod
    def make(cls, count: int) -> Customers:
        """Customers with keys of their own."""
        keys = [new_key() for _ in range(count)]
        return cls([key.public for key in keys], {key.public: key for key in keys})


@dataclass(frozen=True, slots=True)
class Load:
    """So many frames, each an EVENT message with one order."""

    frames: Sequence[bytes]
    mode: Mode
    customers: Customers

    def __len__(self) -> int:
        return len(self.frames)


def orders(venue: Venue, customers: Customers, count: int, mode: Mode, *, spread_s: int | None = None) -> Load:
    """Orders for customers drawn evenly, amounts too. `spread_s`: the seconds over which they are dated."""
    draw = random.Random(secrets.randbits(64))
    batch = secrets.token_hex(4)
    now, spread_s = int(time.time()), spread_s or -(-count // PER_SECOND_MAX)
    frames = []
    for number in range(count):
        at = now - (count - 1 - number) * spread_s // count
        of = draw.choice(customers.publics)
        amount = (str(draw.randint(1_000, MINOR_MAX)), "sat")
        make = venue.wrapped if mode == "private, wrapped orders" else venue.order
        frames.append(event_frame(make(f"{batch}-{number:07}", of, amount, at=at)))
    return Load(frames, mode, customers)


def event_frame(event: Event) -> bytes:
    """An EVENT message for this event, as a frame."""
    return framed(b'["EVENT",' + to_json(event).encode() + b"]")


def subscription(venue: Venue, load: Load, name: str) -> list[bytes]:
    """The REQs of somebody who wants to see every entry about these customers and nothing else."""
    if load.mode == "public":
        return [framed(orjson.dumps(["REQ", name, {"kinds": [7411], "authors": [venue.issuer.public]}]))]
    publics = load.customers.publics
    chunks = [publics[start : start + 5_000] for start in range(0, len(publics), 5_000)]
    return [
        framed(orjson.dumps(["REQ", f"{name}-{number}", {"kinds": [1059], "#p": chunk}]))
        for number, chunk in enumerate(chunks)
    ]
