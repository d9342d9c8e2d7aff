"""Talking to a real daemon over a real relay: somebody writes, and waits for the answer."""

from __future__ import annotations

import time

from kinds import direct_message
from kinds.event import Event
from kinds.keys import SecretKey
from kinds.tags import value
from tests.observer import Observer, messages
from tests.unit.nostr_loyalty.correspondence import Answered, wrapped
from tests.venue import Venue


class Talk:
    """Letters to a venue's key, through the relay that an observer watches."""

    def __init__(self, venue: Venue, observer: Observer) -> None:
        self.venue = venue
        self.observer = observer

    async def say(self, writer: SecretKey, text: str) -> Answered:
        """The answer to a letter."""
        issuer, at = self.venue.issuer.public, int(time.time())
        rumor = direct_message.compose(writer.public, [issuer], text, (), at)
        return await self.hears(writer, wrapped(writer, rumor, issuer, at), rumor.id)

    async def hears(self, writer: SecretKey, event: Event, rumor_id: str) -> Answered:
        """The answer to what is sent with this event."""
        await self.observer.send(event)

        def pick(events: list[Event]) -> Answered | None:
            for rumor in messages(events, writer):
                if value(rumor.tags, "e") == rumor_id and value(rumor.tags, "answer") not in (None, "welcome"):
                    return Answered(rumor.content, rumor.tags, event)
            return None

        return await self.observer.until(pick)
