"""NIP-13: work that stands behind an event, as zero bits at the beginning of its id.

A sender who must not be known (of a gift wrap) can still show that it meant it: finding such an id takes 2**difficulty
hashes, checking it one.
"""

from typing import Final

from kinds.event import Claimed, Event, Rumor
from kinds.tags import Tags, all_of, whole_number

ID_BITS: Final = 256


def difficulty(event_id: str) -> int:
    """How many bits of an id (64 hex digits) are zero before the first one."""
    return ID_BITS - int(event_id, 16).bit_length()


def committed_target(tags: Tags) -> int | None:
    """The difficulty that was aimed at, as the only `nonce` tag says; None if nothing, or nothing clear, is said."""
    found = all_of(tags, "nonce")
    if len(found) != 1 or len(found[0]) < 3:
        return None
    try:
        return whole_number(found[0][2])
    except ValueError:
        return None


def work(event: Event | Claimed | Rumor) -> int:
    """The work that counts: what was aimed at, if it was reached; else none.

    An id may have zero bits by luck, so that many cheap tries sometimes look like a dear one: only what was promised
    beforehand counts. A promise that was not kept counts nothing either: it would cost nothing to promise everything.
    Of a Claimed event it is what the event says of itself, until its id is recomputed (`event.verify`).
    """
    target = committed_target(event.tags)
    return target if target is not None and target <= difficulty(event.id) else 0


def is_enough(event: Event | Claimed | Rumor, wanted: int) -> bool:
    """Whether at least `wanted` bits of work stand behind the event; 0 wants none."""
    return work(event) >= wanted
