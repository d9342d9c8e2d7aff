"""relay_client.pool against relays that keep their word, and relays that do not."""

import asyncio
import time
from dataclasses import replace

import pytest

from kinds.event import to_json
from relay_client.pool import PoolSettings
from tests.integration.pool_owner import NO_WAITS, Owner, as_object
from tests.relays.real import RustRelay, free_port, unavailable
from tests.relays.scripted import ScriptedRelay


async def test_stored_and_live_events_are_delivered() -> None:
    """1,200 events behind a cap of 500 and then a live one arrive; the CaughtUp comes after the stored ones."""
    async with ScriptedRelay() as relay, Owner() as owner:
        stored = [owner.event(number, created_at=int(time.time()) - number // 7) for number in range(1_200)]
        for each in stored:
            relay.accept(as_object(each))
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        assert owner.genuine == {each.id for each in stored}
        live = owner.event(9_999)
        relay.accept(as_object(live))
        await owner.until(lambda: live.id in owner.genuine)
        assert owner.happened("relay-caught-up") == 1


async def test_what_is_posted_is_published_and_comes_back() -> None:
    """Every post has exactly one outcome; the relay holds the bytes that were posted."""
    async with ScriptedRelay() as relay, Owner() as owner:
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: owner.happened("relay-connected") == 1)
        events = [owner.event(number) for number in range(3_000)]
        await owner.publish(relay.url, events)
        await owner.until(lambda: len(owner.genuine) == 3_000)
        assert all(len(owner.outcomes[each.id]) == 1 for each in events)
        assert {each["id"] for each in relay.events} == {each.id for each in events}


async def test_bad_relays_do_not_stop_a_good_one() -> None:
    """Bug 68: one relay is not there, one accepts and says nothing, one refuses the handshake: the good one serves."""
    async with ScriptedRelay() as good, ScriptedRelay() as silent, ScriptedRelay() as rude, Owner() as owner:
        silent.faults.no_eose = True
        silent.faults.no_ok = True
        rude.faults.refuse_handshakes = 503
        absent = f"ws://127.0.0.1:{free_port()}"
        for url in (absent, "http://no.relay", f"ws://{'a' * 300}.test", silent.url, rude.url, good.url):
            owner.pool.connect(url, key=None, reads=[owner.orders()])
        event = owner.event(1)
        await owner.until(lambda: owner.pool.room(good.url, None) > 0)
        await owner.publish(good.url, [event])
        await owner.until(lambda: {each.relay for each in owner.caught_up} == {good.url})
        assert event.id in owner.genuine
        states = {each.relay: each for each in owner.pool.states()}
        assert states[silent.url].connected
        assert not states[silent.url].caught_up
        assert not states[absent].connected
        assert "503" in states[rude.url].last_error
        assert not owner.pool.post(absent, None, event.id, "{}")


async def test_live_events_that_a_relay_dropped_are_found() -> None:
    """Bug 74: half of a burst is dropped without a word; the catch-up after the burst delivers every one."""
    settings = replace(NO_WAITS, burst_events=50, burst_quiet_s=0.2)
    async with ScriptedRelay(seed=7, verify=False) as relay, Owner(settings) as owner:
        relay.faults.drop_live = 0.5
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        events = [owner.event(number) for number in range(400)]
        await owner.publish(relay.url, events)
        await owner.until(lambda: owner.genuine == {each.id for each in events})


async def test_a_relay_that_cuts_teaches_a_pace() -> None:
    """Bug 75: cut twice after 500 messages a minute: a pace is told and kept, without a reconnect storm."""
    async with ScriptedRelay(verify=False) as relay, Owner() as owner:
        relay.faults.cut_after_per_minute = 500
        owner.pool.connect(relay.url, key=None, reads=[])
        await owner.until(lambda: owner.happened("relay-connected") == 1)
        events = [owner.event(number) for number in range(1_600)]
        publishing = asyncio.create_task(owner.publish(relay.url, events))
        await owner.until(lambda: owner.happened("relay-pace-learned") == 1)
        paces = [each.number for each in owner.happenings if each.what == "relay-pace-learned"]
        assert 200 <= paces[0] <= 500
        assert owner.pool.states()[0].pace == paces[0]
        await asyncio.sleep(1.0)
        assert relay.connections_seen <= 5
        assert all(len(owner.outcomes.get(each.id, [])) <= 3 for each in events)
        publishing.cancel()


async def test_a_remembered_pace_avoids_the_cut() -> None:
    """Bug 75: with the pace given back, the relay is never driven to cut."""
    async with ScriptedRelay(verify=False) as relay:
        relay.faults.cut_after_per_minute = 500
        async with Owner(paces={relay.url: 450.0}) as owner:
            owner.pool.connect(relay.url, key=None, reads=[])
            await owner.until(lambda: owner.happened("relay-connected") == 1)
            for number in range(800):
                owner.pool.post(relay.url, None, f"{number:064x}", "{}")
            await asyncio.sleep(1.0)
            assert owner.happened("relay-disconnected") == 0
            assert len(relay.received("EVENT")) == 450


async def test_a_flood_from_one_relay_does_not_starve_another() -> None:
    """The owner is slow, one relay holds 5,000 events: its socket is paused, the other relay's event comes among the
    first, and in the end everything has come and no deadline has passed falsely."""
    settings = replace(NO_WAITS, deliveries_max=500)
    async with ScriptedRelay(verify=False) as flood, ScriptedRelay(verify=False) as calm, Owner(settings) as owner:
        stored = [owner.event(number, created_at=int(time.time()) - number) for number in range(5_000)]
        for each in stored:
            flood.accept(as_object(each))
        calm_event = owner.event(-1)
        calm.accept(as_object(calm_event))
        owner.taking.clear()
        owner.pool.connect(flood.url, key=None, reads=[owner.orders()])
        owner.pool.connect(calm.url, key=None, reads=[owner.orders()])
        flooded = lambda: owner.pool.states()[0].waiting_deliveries >= 500  # noqa: E731 - a name for the condition
        await owner.until(flooded)
        assert owner.pool.states()[0].waiting_deliveries < 2_500
        owner.taking.set()
        await owner.until(lambda: calm_event.id in owner.genuine)
        assert len(owner.genuine) < 5_001
        await owner.until(lambda: len(owner.genuine) == 5_001, within_s=60)
        await owner.until(lambda: {each.relay for each in owner.caught_up} == {flood.url, calm.url})
        assert owner.happened("relay-disconnected") == 0


async def test_forged_copies_do_not_shadow_genuine_events() -> None:
    """Bug 66, 79: copies with a wrong signature come first, others have a foreign content: the genuine ones count."""
    async with ScriptedRelay(seed=3) as relay, Owner() as owner:
        relay.faults.forge_first = 0.7
        events = [owner.event(number) for number in range(200)]
        for each in events[:100]:
            relay.accept(as_object(each))
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        await owner.publish(relay.url, events[100:])
        await owner.until(lambda: len(owner.genuine) == 200)
        relay.faults.corrupt = 1.0
        relay.accept(as_object(owner.event(1_000)))
        await owner.until(lambda: bool(owner.rejected))
        assert len(owner.genuine) == 200


async def test_wraps_are_read_after_authentication() -> None:
    """Bug 72: a relay that guards 1059 gives our wraps to the authenticated key, however late it challenges."""
    for at_connect in (True, False):
        async with ScriptedRelay(auth="wraps", challenge_at_connect=at_connect) as relay, Owner() as owner:
            wrap = owner.event(1, kind=1059, created_at=int(time.time()) - 2 * 86_400)
            relay.accept(as_object(wrap))
            owner.pool.connect(relay.url, key=owner.key.public, reads=[owner.orders(), owner.wraps()])
            await owner.until(lambda wrap=wrap, owner=owner: wrap.id in owner.genuine)
            await owner.until(lambda owner=owner: len(owner.caught_up) >= 2)


async def test_events_are_published_after_authentication() -> None:
    """A relay that takes events from authenticated clients only gets them after AUTH; each has one outcome."""
    async with ScriptedRelay(auth="writes", challenge_at_connect=False) as relay, Owner() as owner:
        owner.pool.connect(relay.url, key=owner.key.public, reads=[])
        await owner.until(lambda: owner.happened("relay-connected") == 1)
        events = [owner.event(number) for number in range(300)]
        await owner.publish(relay.url, events, key=owner.key.public)
        assert all([each.verdict.answer for each in owner.outcomes[event.id]] == ["accepted"] for event in events)


async def test_a_restarted_relay_is_read_on() -> None:
    """Bug 67: after a crash of the relay the subscriptions stand again, and what came meanwhile is caught up."""
    async with ScriptedRelay() as relay, Owner() as owner:
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        await relay.stop(code=None)
        await owner.until(lambda: owner.happened("relay-disconnected") >= 2)
        meanwhile = owner.event(1)
        relay.accept(as_object(meanwhile))
        await relay.start()
        await owner.until(lambda: meanwhile.id in owner.genuine)
        live = owner.event(2)
        relay.accept(as_object(live))
        await owner.until(lambda: live.id in owner.genuine)
        assert owner.happened("relay-pace-learned") == 0


async def test_noise_is_counted_and_survived() -> None:
    """Garbage, notices, repeated, reordered and delayed events: everything arrives, nothing raises."""
    async with ScriptedRelay(seed=5, verify=False) as relay, Owner() as owner:
        relay.faults.garbage_every = 3
        relay.faults.notice_every = 50
        relay.faults.repeat = 0.3
        relay.faults.reorder = 0.3
        relay.faults.delay_s = 0.05
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        events = [owner.event(number) for number in range(300)]
        await owner.publish(relay.url, events)
        await owner.until(lambda: len(owner.genuine) >= 290)
        assert owner.happened("relay-fault") == 0
        assert owner.pool.states()[0].counts["notices"] > 0


async def test_posts_have_outcomes_when_nothing_more_is_taken() -> None:
    """Bug 67: reading is paused because the owner takes nothing; once it says that it will not take any more, what
    waits is dropped and what it posts is answered at once.
    """
    settings = replace(NO_WAITS, deliveries_max=20)
    async with ScriptedRelay() as relay, Owner(settings) as owner:
        owner.taking.clear()
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: owner.pool.room(relay.url, None) > 0)
        for number in range(600):
            relay.accept(as_object(owner.event(number)))
        await owner.until(lambda: owner.pool.states()[0].waiting_deliveries >= 20)
        event = owner.event(9_999, kind=1)
        assert owner.pool.post(relay.url, None, event.id, to_json(event))
        await asyncio.sleep(0.5)
        assert event.id not in owner.outcomes
        owner.pool.take_no_more()
        await owner.until(lambda: event.id in owner.outcomes)
        assert owner.outcomes[event.id][0].verdict.settled
        assert owner.pool.states()[0].waiting_deliveries == 0
        await owner.until(lambda: bool(relay.received("CLOSE")))


async def test_stopping_is_polite_and_quick() -> None:
    """stop() closes the subscriptions and the socket; what was under way has an outcome; a relay that is not there, or
    is frozen, does not delay it beyond the deadline."""
    async with ScriptedRelay() as relay, ScriptedRelay() as frozen:
        async with Owner() as owner:
            owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
            owner.pool.connect(frozen.url, key=None, reads=[owner.orders()])
            owner.pool.connect("ws://192.0.2.1:9", key=None, reads=[])
            await owner.until(lambda: owner.happened("relay-connected") == 2)
            await owner.until(lambda: owner.pool.room(frozen.url, None) > 0)
            frozen.pause()
            event = owner.event(1)
            assert owner.pool.post(frozen.url, None, event.id, "{}")
            began = time.monotonic()
            await owner.pool.stop(0.5)
            await owner.until(lambda: event.id in owner.outcomes)
            assert time.monotonic() - began < 2.0
        assert relay.received("CLOSE")
        frozen.resume()


async def test_a_fault_of_ours_ends_one_connection_only() -> None:
    """A signing function that raises is told as a fault, with backoff; other connections do not notice."""
    async with ScriptedRelay(auth="wraps") as guarded, ScriptedRelay() as plain, Owner() as owner:

        def broken(*_: object) -> None:
            raise RuntimeError("no key")

        owner.pool._sign_auth = broken  # type: ignore[assignment] # the owner's mistake is the point
        owner.pool.connect(guarded.url, key=owner.key.public, reads=[owner.wraps()])
        owner.pool.connect(plain.url, key=owner.key.public, reads=[owner.orders()])
        await owner.until(lambda: owner.happened("relay-fault") >= 2)
        await owner.until(lambda: {each.relay for each in owner.caught_up} == {plain.url})


async def test_names_and_connections_are_unique() -> None:
    """A cursor belongs to one subscription of one relay: a name used twice is our mistake, and refused."""
    async with Owner() as owner:
        owner.pool.connect("ws://127.0.0.1:1", key=None, reads=[owner.orders()])
        with pytest.raises(ValueError):
            owner.pool.connect("ws://127.0.0.1:1", key=None, reads=[])
        with pytest.raises(ValueError):
            owner.pool.connect("ws://127.0.0.1:1", key="aa" * 32, reads=[owner.orders()])
        with pytest.raises(ValueError):
            owner.pool.connect("ws://127.0.0.1:2", key=None, reads=[owner.orders(), owner.orders()])


@pytest.mark.skipif(unavailable("rust") is not None, reason=f"{unavailable('rust')}")
async def test_a_real_relay_is_read_and_written() -> None:
    """Bug 74, 75: at the Rust relay's limit of 6,000 messages a minute we are cut and learn; whatever it accepted
    comes back, lost live events included."""
    async with RustRelay() as relay, Owner(PoolSettings()) as owner:
        owner.pool.connect(relay.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: owner.happened("relay-caught-up") == 1)
        # Spread over seconds: more of one second than the relay's cap could not be paged.
        events = [owner.event(number, created_at=int(time.time()) - number // 200) for number in range(16_000)]
        publishing = asyncio.create_task(owner.publish(relay.url, events))
        await owner.until(lambda: owner.happened("relay-pace-learned") == 1, within_s=40)
        await asyncio.sleep(0.5)
        publishing.cancel()
        accepted = {each for each, outcomes in owner.outcomes.items() if outcomes[-1].verdict.settled}
        assert len(accepted) > 4_000
        await owner.until(lambda: accepted <= owner.genuine, within_s=40)
