"""The faults a scripted relay can have, all off by default, all changeable while it runs.

Shares lie between 0 and 1 and are drawn from the relay's seeded generator: one seed, one storm. Every fault here was
seen in a real relay or library; where it is a line of bugs.md, the number stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """What goes wrong, and how often."""

    # -- events on their way to a subscriber
    drop_live: float = 0.0  # share of live events lost without a word (bug 74)
    drop_live_above_bytes: int | None = None  # live events are lost while a client has that much unread (bug 74)
    repeat: float = 0.0  # share of events sent twice
    reorder: float = 0.0  # share of live events held back until the next one has gone ahead
    delay_s: float = 0.0  # every live event waits between 0 and this long, each for itself
    corrupt: float = 0.0  # share of events whose content does not match their id (bug 79)
    forge_first: float = 0.0  # share of events preceded by a copy with the same id and a wrong signature (bug 66)

    # -- answers
    no_eose: bool = False  # (bug 68)
    no_ok: bool = False  # the event is kept, the answer is not (bug 76)
    ok_delay_s: float = 0.0
    refused_ok_empty_id: bool = False  # a refusal names no event (bug 76)
    duplicate_is_false: bool = False  # `duplicate:` with OK false (bug 77)
    refuse_with: str | None = None  # every event is refused with this text
    refuse_nth: dict[int, str] = field(
        default_factory=dict
    )  # the nth EVENT since the start, from 1, is refused with this
    events_per_s: int | None = None  # more are answered "rate-limited:"
    past_s_max: int | None = None  # an event dated further back is refused (strfry's rejectEventsOlderThanSeconds)
    ignores_protection: bool = False  # it does not know NIP-70, and takes what is protected from anybody
    shadow_reject: bool = False  # OK, and the event is dropped (the verdict of that name of strfry's write policies)

    # -- the socket
    cut_after_per_minute: int | None = (
        None  # so many messages of one client within a minute: reset, no close frame (bug 75)
    )
    cut_after_messages: int | None = None  # reset after so many messages sent to a client
    refuse_handshakes: int | None = None  # the HTTP status that answers every handshake, 503 for example

    # -- noise
    notice_every: int | None = None  # a NOTICE after so many messages of a client
    garbage_every: int | None = None  # a text that is no relay message after so many messages of a client


GARBAGE = (
    "",
    "null",
    "[]",
    "{}",
    "[1,2,3]",
    '["EVENT"]',
    '["EVENT","nobody-asked",{"id":7}]',
    '["EVENT","x",{"id":"' + "0" * 64 + '","kind":1.5}]',
    '["OK",17,"yes"]',
    '["OK","' + "f" * 64 + '",true,""]',
    '["EOSE",{}]',
    '["CLOSED"]',
    '["AUTH",[]]',
    '["\\ud800"]',
    '["NOTICE",' + "[" * 200 + "]" * 200 + "]",
    "\x00\x01\x02",
)
