"""The storm's pool keeps what the real one promises (`relay_client.pool`), however wild it is."""

import random
from collections import Counter
from pathlib import Path

from kinds.event import Claimed, sign, to_json
from nostr_loyalty.intake import subscriptions
from relay_client.deliveries import Arrived, CaughtUp
from tests.clock import FakeClock
from tests.simulation.storm_pool import StormPool, StormRelay
from tests.venue import Venue, new_key

URL = "ws://127.0.0.1:1"


def _stormy(venue: Venue, relay: StormRelay) -> StormPool:
    reads = {URL: (subscriptions.orders(venue.issuer.public),)}
    return StormPool([relay], reads, FakeClock(), random.Random(5), {}, wild=0.4)


def _venue(tmp_path: Path) -> Venue:
    return Venue(tmp_path, [URL])


async def test_caught_up_comes_after_what_it_vouches_for(tmp_path: Path) -> None:
    """Before a CaughtUp every genuine event that the relay held has been delivered, in its genuine form, at least once
    since the one before.
    """
    venue, relay = _venue(tmp_path), StormRelay(URL)
    for number in range(30):
        relay.publish(venue.order(f"order-{number}", new_key().public, at=1_800_000_000))
    pool = _stormy(venue, relay)
    held = {Claimed(*event) for event in relay.kept.values()}
    seen: set[Claimed] = set()
    vouched = 0
    for _ in range(200):
        await pool.step()
        while pool._deliveries:
            (delivery,) = await pool.take(1)
            if isinstance(delivery, Arrived):
                seen.add(delivery.event)
            elif isinstance(delivery, CaughtUp):
                assert held <= seen
                vouched += 1
                seen.clear()
    assert vouched > 10


async def test_every_post_has_one_outcome(tmp_path: Path) -> None:
    """What post() took gets exactly one outcome, also when the connection ends or nobody says OK."""
    venue, relay = _venue(tmp_path), StormRelay(URL, never=True)
    pool = _stormy(venue, relay)
    events = [sign(venue.template(f"order-{number}", None, at=1_800_000_000), venue.issuer) for number in range(60)]
    taken: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    for turn in range(400):
        event = events[turn % len(events)]
        if turn < 300 and pool.post(URL, None, event.id, to_json(event)):
            taken[event.id] += 1
        await pool.step()
        while pool._outcomes:
            settled.update(outcome.event_id for outcome in await pool.outcomes(10))
    assert settled == taken
    assert sum(taken.values()) > 100
