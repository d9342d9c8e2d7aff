"""A whole daemon, and a guest who reads elsewhere: an order's notice is found where the guest's own list says."""

from pathlib import Path

import pytest

from kinds.keys import SecretKey
from tests.integration.place import message_id
from tests.integration.test_reaching_people import inbox, read
from tests.observer import Observer
from tests.relays.scripted import ScriptedRelay
from tests.serving import serving
from tests.venue import Venue, new_key


async def notices(url: str, guest: SecretKey) -> int:
    """How many notices of points the guest finds at a relay."""
    return sum("12" in text for text in await read(url, guest))


@pytest.mark.parametrize("allow", [True, False])
async def test_a_guest_is_told_where_it_reads(tmp_path: Path, allow: bool) -> None:
    """Of two guests one has a list that names another relay of this machine: its notice is there and not at ours if
    private addresses are allowed, and at ours if they are not; the other guest's is at ours.
    """
    ann, bob = new_key(), new_key()
    async with ScriptedRelay() as ours, ScriptedRelay() as other:
        ours.accept(inbox(ann, other.url))
        venue = Venue(tmp_path, [ours.url], daemon_extra=f"allow_private_relays = {str(allow).lower()}")
        async with serving(venue.write_config()), Observer(ours.url) as observer:
            for number, guest in enumerate((ann, bob)):
                order = venue.wrapped(f"order-{number}", guest.public, ("12000", "sat"))
                await observer.send(order)
                assert await observer.replies(venue.till, message_id(order, venue))
        assert await notices(other.url, ann) == int(allow)
        assert await notices(ours.url, ann) == int(not allow)
        assert await notices(ours.url, bob) == 1
        assert other.connections_seen == (2 if allow else 1), "the last one is the guest's own"
