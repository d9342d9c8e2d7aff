"""The codes of this room: why something from a relay is not a delivery, and what happens on a connection.

A relay's no is a value (see verdict), not an exception. Nothing that a relay sends makes this room raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


class RelayText(Exception):
    """A relay's text that cannot be read. code: of CODES."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AddressForbidden(Exception):
    """A host that somebody else named is at an address that we do not connect to."""


CODES: Final[Mapping[str, str]] = {
    "relay-text-not-json": "A relay sent a text that is not JSON in UTF-8.",
    "relay-message-malformed": "A relay sent a message of a known type in a wrong shape.",
    "relay-message-unknown": "A relay sent a message of a type that we do not know.",
    "relay-event-too-large": "A relay sent an event larger than we take.",
    "relay-event-unasked": "A relay sent an event outside the filter that it was asked for.",
    "relay-event-stale": "A relay sent an event for a subscription that is closed.",
}

HAPPENINGS: Final[Mapping[str, str]] = {
    "relay-connected": "The connection stands.",
    "relay-disconnected": "The connection ended or could not be made; number: seconds until the next attempt.",
    "relay-caught-up": "Every subscription of this connection has been read to the end for the first time.",
    "relay-catch-up-failed": "A catch-up was given up for now; the cursor stays where it was.",
    "relay-second-crowded": "More events in one second than the relay gives in a page; some may be out of reach.",
    "relay-subscription-refused": "The relay refuses a subscription.",
    "relay-authenticated": "The relay accepted our NIP-42 answer.",
    "relay-authentication-refused": "The relay refused our NIP-42 answer.",
    "relay-pace-learned": "The relay bears this many messages a minute; number: messages a minute, to be remembered.",
    "relay-rate-limited": "The relay says that we send too fast; number: messages a minute from now on.",
    "relay-notice": "The relay says something to people.",
    "relay-fault": "Our own fault on this connection; it is taken down and made again.",
}
