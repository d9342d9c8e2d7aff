"""What passes between a session and its readings in one call: the clocks, the REQ that is meant, where to speak."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from relay_client.deliveries import Delivery


class Times(NamedTuple):
    """The three clocks of a call: now (monotonic seconds), listened (the same without pauses in reading), wall (unix
    seconds). busy: the owner has more to do than it can at once.
    """

    now: float
    listened: float
    wall: int
    busy: bool = False


class Heard(Enum):
    """Which of the two REQs a message belongs to."""

    LIVE = auto()
    PAGE = auto()


class Voice(NamedTuple):
    """Where a reading puts what it has to say: texts for the relay, deliveries and happenings for the owner."""

    send: Callable[[str], None]
    deliver: Callable[[Delivery], None]
    tell: Callable[[str, str, float], None]
