"""Every setting does something: what the daemon promises and reads changes with it (Bug 34, 57).

The rules (`earn`, `rounding`, `tz`, `status`) are in test_rules.py, where keys come from in test_keyfile.py, the
level of logs in test_logs.py; what shows only with a relay is in tests/integration/test_daemon.py and tests/bugs.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event, parse_event, verify
from kinds.keys import npub_encode
from kinds.relay_list import parse_dm
from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promised
from nostr_loyalty.config.load import load
from nostr_loyalty.daemon import keys_of, serve_programs
from nostr_loyalty.intake import subscriptions
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing.sealing import Sealer
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, new_key

A, B = "wss://a.example", "wss://b.example"


async def promised(folder: Path, venue: Venue) -> dict[int, tuple[Event, Promised]]:
    """What a daemon with this configuration says at its first start, by kind."""
    config = load(venue.write_config())
    database = await Database.open(folder / f"{new_key().public}.db")
    try:
        await serve_programs(config, database, 1_800_000_000)
        async with database.read() as r:
            due = await outbox.due(r, 1_800_000_000, 10)
    finally:
        await database.close()
    sealer = Sealer(keys_of(config))
    found = [(verify(parse_event(sealer.seal(one.issuer, one.recipe, one.seed).text)), one) for one in due]
    return {event.kind: (event, one) for event, one in found}


OPERATOR = npub_encode(new_key().public)


@pytest.mark.parametrize(
    "extra",
    [
        'summary = "One line"', 'image = "https://example.com/a.png"', 'terms = "Terms"', f'operators = ["{OPERATOR}"]',
        f'relays = ["{B}"]', 'status = "paused"', 'rounding = "ceil"', 'unit = ["stamp", "stamps"]',
    ],
)  # fmt: skip
async def test_a_program_says_what_its_section_says(tmp_path: Path, extra: str) -> None:
    """Bug 34, 57: each key of a program changes the definition that is published."""
    venue = Venue(tmp_path, [A, B])
    before, _ = (await promised(tmp_path, venue))[registry.PROGRAM]
    venue.extra = extra
    after, one = (await promised(tmp_path, venue))[registry.PROGRAM]
    assert (after.tags, after.content) != (before.tags, before.content)
    assert one.relays == ((B,) if "relays" in extra else (A, B))


async def test_acks(tmp_path: Path) -> None:
    """Bug 34, 57: as many relays as `acks` says must accept what is promised."""
    for acks in (1, 2):
        venue = Venue(tmp_path, [A, B], daemon_extra=f"acks = {acks}")
        said = await promised(tmp_path, venue)
        assert {kind: one.acks for kind, (_, one) in said.items()} == {
            registry.PROGRAM: acks, registry.RELAY_LIST: acks, registry.DM_RELAY_LIST: acks,
        }  # fmt: skip


async def test_acks_of_what_an_order_leads_to(tmp_path: Path) -> None:
    """Bug 34, 57: an entry, its card and the answer are kept when as many relays have them as the program demands."""

    def on_two_relays(program: ServedProgram) -> ServedProgram:
        return replace(program, relays=(A, B), dm_relays=(A, B), acks=2)

    async with Served(tmp_path, change=on_two_relays) as served:
        await served.deliver(served.order("order-1"))
        assert {one.label: one.acks for one in await served.promises()} == {"entry": 2, "card": 2, "answer": 2}


async def test_dm_relays(tmp_path: Path) -> None:
    """Bug 34, 57: `dm_relays` are announced in 10050, and wraps are asked for there and nowhere else."""
    venue = Venue(tmp_path, [A], daemon_extra=f'dm_relays = ["{B}"]')
    event, one = (await promised(tmp_path, venue))[registry.DM_RELAY_LIST]
    assert parse_dm(event).relays == (B,)
    assert one.relays == (A, B)
    config = load(venue.folder / "config.toml")
    for url, kind in ((A, registry.PAID_ORDER), (B, registry.GIFT_WRAP)):
        (read,) = subscriptions.reads("0" * 64, url, [A], config.daemon.dm_relays)
        assert read.filter.kinds == (kind,)
