"""A guest whose history was public makes it private, or is forgotten: what is left on relays that others wrote."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event, to_json
from tests.integration.talk import Talk
from tests.observer import Observer
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key

WRAPS = (registry.GIFT_WRAP, registry.EPHEMERAL_GIFT_WRAP)


def naming(events: list[Event], key: str) -> list[int]:
    """The kinds of events that name a key to everybody."""
    return sorted(event.kind for event in events if event.kind not in WRAPS and key in to_json(event))


@pytest.mark.parametrize("text", ["share private", "forget me yes"])
@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("relay", ["rust", "npm"])
async def test_nothing_is_left(tmp_path: Path, relay: str, visibility: str, text: str) -> None:
    """Relays that obey NIP-09 have neither entries nor card any more, and the requests to delete name nobody."""
    guest, other = new_key(), new_key()
    async with relay_named(relay) as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], visibility)
        async with serving(venue.write_config()):
            for number in range(3):
                await observer.send(venue.order(f"o{number}", guest.public, at=int(time.time()) - number))
            await observer.send(venue.order("other", other.public))
            if visibility == "private":
                await Talk(venue, observer).say(guest, "share public")
            await observer.until(lambda events: naming(events, guest.public).count(registry.ENTRY) == 3 or None)
            await observer.until(lambda events: naming(events, guest.public).count(registry.CARD) == 1 or None)
            assert (await Talk(venue, observer).say(guest, text)).code in ("answered", "forgotten")
            # The orders that the till sent in clear are the till's.
            await observer.until(lambda events: naming(events, guest.public) == [registry.PAID_ORDER] * 3 or None)
            events = await observer.events()
    if relay == "rust":  # the npm relay obeys a request to delete, and does not keep it
        assert any(event.kind == registry.DELETION for event in events)
    if visibility == "public":
        assert naming(events, other.public).count(registry.ENTRY) == 1, "nobody else's went"
