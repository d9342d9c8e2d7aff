"""The texts between client and relay: those we send, made; those a relay sends, strictly read. Source: NIP-01, NIP-42.

Reading is total: any bytes give a RelayMessage or RelayText with a code, never another exception. The third element
of an EVENT stays decoded JSON here: kinds.event.claim judges it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

from relay_client.errors import RelayText
from relay_client.filter import Filter


class EventMessage(NamedTuple):
    """["EVENT", subscription id, event]: the event as decoded JSON, of any shape."""

    subscription: str
    event: object


class OkMessage(NamedTuple):
    """["OK", event id, accepted, text]. Some relays leave the id empty (bug 76)."""

    event_id: str
    accepted: bool
    text: str


class EoseMessage(NamedTuple):
    """["EOSE", subscription id]."""

    subscription: str


class ClosedMessage(NamedTuple):
    """["CLOSED", subscription id, text]."""

    subscription: str
    text: str


class NoticeMessage(NamedTuple):
    """["NOTICE", text]."""

    text: str


class AuthMessage(NamedTuple):
    """["AUTH", challenge]."""

    challenge: str


RelayMessage = EventMessage | OkMessage | EoseMessage | ClosedMessage | NoticeMessage | AuthMessage

_LENGTHS: Final[Mapping[str, tuple[int, int]]] = {"EOSE": (2, 2), "CLOSED": (2, 3), "NOTICE": (2, 2), "AUTH": (2, 2)}


def read(text: bytes) -> RelayMessage:
    """One text of a relay. RelayText: relay-text-not-json, relay-message-malformed or relay-message-unknown."""
    try:
        message = orjson.loads(text)
    except ValueError:
        raise RelayText("relay-text-not-json") from None
    if type(message) is not list or not message:
        raise RelayText("relay-message-malformed")
    label = message[0]
    if label == "EVENT":
        if len(message) != 3 or type(message[1]) is not str:
            raise RelayText("relay-message-malformed")
        return EventMessage(message[1], message[2])
    if label == "OK":
        return _ok(message)
    return _other(message)


def _ok(message: list[object]) -> OkMessage:
    # NIP-01 has four elements; the text is left out by some relays when there is nothing to say.
    event_id, accepted, text = [*message, ""][1:4] if len(message) in (3, 4) else (None, None, None)
    if not isinstance(event_id, str) or not isinstance(accepted, bool) or not isinstance(text, str):
        raise RelayText("relay-message-malformed")
    return OkMessage(event_id, accepted, text)


def _other(message: list[object]) -> RelayMessage:
    label, *rest = message
    if not isinstance(label, str):
        raise RelayText("relay-message-malformed")
    if label not in _LENGTHS:
        raise RelayText("relay-message-unknown")
    shortest, longest = _LENGTHS[label]
    words = [word for word in rest if isinstance(word, str)]
    if not shortest <= len(message) <= longest or len(words) < len(rest):
        raise RelayText("relay-message-malformed")
    if label == "EOSE":
        return EoseMessage(words[0])
    if label == "CLOSED":
        return ClosedMessage(words[0], words[1] if len(words) > 1 else "")
    return NoticeMessage(words[0]) if label == "NOTICE" else AuthMessage(words[0])


def req(subscription: str, wanted: Filter) -> str:
    """A REQ with one filter."""
    return orjson.dumps(["REQ", subscription, wanted.to_object()]).decode()


def close(subscription: str) -> str:
    """A CLOSE."""
    return orjson.dumps(["CLOSE", subscription]).decode()


def event(event_json: str) -> str:
    """An EVENT around finished JSON; the bytes of the event are not touched."""
    return f'["EVENT",{event_json}]'


def auth(event_json: str) -> str:
    """An AUTH around a signed 22242 event."""
    return f'["AUTH",{event_json}]'
