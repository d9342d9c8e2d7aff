"""Relays behind TLS: the daemon and the pool reach those they may trust, and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay_client.connection import tls_context
from tests.faults.daemon_process import DaemonProcess
from tests.faults.flow import Flow, as_object, published
from tests.integration.pool_owner import Owner
from tests.relays.scripted import ScriptedRelay
from tests.relays.tls import TlsTerminator, certificate


@pytest.fixture
def pem(tmp_path: Path) -> Iterator[Path]:
    """A certificate and its key; what the process trusts is as before afterwards."""
    tls_context.cache_clear()
    yield certificate(tmp_path)
    tls_context.cache_clear()


async def test_a_trusted_relay_is_read_and_written(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over wss: catch-up, publishing and live delivery."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with ScriptedRelay() as relay, TlsTerminator(relay.port, pem) as door, Owner() as owner:
        owner.pool.connect(door.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: bool(owner.caught_up))
        events = [owner.event(number) for number in range(50)]
        await owner.publish(door.url, events)
        await owner.until(lambda: owner.genuine == {each.id for each in events})


async def test_an_untrusted_relay_is_not_spoken_to(pem: Path) -> None:
    """A certificate that nobody vouches for: no REQ is sent, the reason is told, attempts go on with pauses."""
    async with ScriptedRelay() as relay, TlsTerminator(relay.port, pem) as door, Owner() as owner:
        owner.pool.connect(door.url, key=None, reads=[owner.orders()])
        await owner.until(lambda: owner.happened("relay-disconnected") >= 2)
        reasons = {each.detail for each in owner.happenings if each.what == "relay-disconnected"}
        assert any("certificate" in reason.lower() for reason in reasons), reasons
        assert relay.received("REQ") == []


async def test_the_daemon_works_over_wss(tmp_path: Path, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon's own process, on its own event loop: an order over wss is booked and everything is published."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with ScriptedRelay(journal_size=10_000) as relay, TlsTerminator(relay.port, pem) as door:
        flow = Flow(tmp_path, [door.url], seed=5)
        async with DaemonProcess(flow.write_config()) as daemon:
            await daemon.started()
            for _ in range(10):
                relay.accept(as_object(flow.next()))
            witness = flow.witness()

            def everything_is_answered() -> bool:
                witness.see_all(published(relay))
                return witness.answers.keys() >= flow.expected.messages

            await daemon.until(everything_is_answered, 30.0)
            assert await daemon.stopped() == 0
