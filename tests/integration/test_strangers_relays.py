"""Relays that strangers name: what they do is in nobody else's way."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.pool_owner import NO_WAITS
from tests.integration.post import Post, inbox, read
from tests.relays.scripted import ScriptedRelay
from tests.venue import new_key


@pytest.mark.parametrize("says", ["nothing", "no OK"])
async def test_strangers_with_tarpits_do_not_delay_a_guest(tmp_path: Path, says: str) -> None:
    """Strangers who name relays that take a connection and say nothing, or take an event and do not answer, use up the
    connections for strangers: a guest's notice goes to the guest's relay at once, and a stranger's arrives in the end.
    """
    guest, honest, strangers = new_key(), new_key(), [new_key() for _ in range(6)]
    settings = replace(NO_WAITS, errands_max=8, errands_strangers_max=4)
    async with AsyncExitStack() as end:
        ours, inboxes, *tarpits = [await end.enter_async_context(ScriptedRelay()) for _ in range(14)]
        for tarpit in tarpits:
            tarpit.faults.no_ok = True
            if says == "nothing":
                tarpit.pause()
        for number, stranger in enumerate(strangers):
            named = (tarpits[2 * number % len(tarpits)], tarpits[(2 * number + 1) % len(tarpits)])
            ours.accept(inbox(stranger, *(relay.url for relay in named)))
        for one in (guest, honest):
            ours.accept(inbox(one, inboxes.url))
        post = await end.enter_async_context(Post(tmp_path, ours.url, settings=settings))
        await post.serves(guest)
        for stranger in strangers:
            await post.tell(stranger, "hello stranger")
        await post.until(lambda: sum(tarpit.sockets_open for tarpit in tarpits) == 4)
        begun = time.monotonic()
        await post.tell(guest, "hello guest")
        await post.until(lambda: post.kept() == 1, 3.0)
        assert time.monotonic() - begun < 3
        assert await read(inboxes.url, guest) == ["hello guest"]
        await post.tell(honest, "hello friend")  # the guest's relay is connected to anyway
        await post.until(lambda: post.kept() == 2, 3.0)
