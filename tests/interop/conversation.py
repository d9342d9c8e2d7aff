"""The venue of a conversation: a real daemon's process, an operator, somebody at the till, a guest, a stranger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from kinds.keys import SecretKey
from tests.faults.daemon_process import DaemonProcess
from tests.unit.nostr_loyalty.served import reward, rules, table, tier
from tests.venue import Venue, new_key

RELAYS = ("rust", "python", "npm")
"""Relays that others wrote, each with its own idea of NIP-01."""


class Cast(NamedTuple):
    """Who takes part; `bar` is another venue, which gets a proof."""

    venue: Venue
    url: str
    operator: SecretKey
    staff: SecretKey
    guest: SecretKey
    stranger: SecretKey
    bar: SecretKey


@asynccontextmanager
async def conversation(folder: Path, url: str) -> AsyncIterator[Cast]:
    """The daemon's process, ready; it must end well."""
    operator, staff, guest, stranger, bar = (new_key() for _ in range(5))
    extra = rules(
        reward("coffee", 10, title="A free coffee"), tier("silver", 50),
        table("operator", key=operator.public, role="owner"), table("operator", key=staff.public, role="staff"),
    )  # fmt: skip
    venue = Venue(folder, [url], "private", extra=extra)
    async with DaemonProcess(venue.write_config()) as daemon:
        await daemon.started()
        yield Cast(venue, url, operator, staff, guest, stranger, bar)
        assert await daemon.stopped() == 0, daemon.log()[-2000:]
