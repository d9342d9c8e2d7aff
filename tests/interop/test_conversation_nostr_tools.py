"""People who talk to the daemon with nostr-tools (npm): the same way as with rust-nostr, in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.interop.conversation import RELAYS, Cast, conversation
from tests.interop.test_nostr_tools import missing, node
from tests.relays.real import RustRelay, unavailable
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


WAY_S_MAX = 180.0


async def talk(cast: Cast, *, whole: bool) -> dict[str, Any]:
    """What the script read; it checks signatures, seals and chains itself."""
    keys = {
        "till": cast.venue.till, "operator": cast.operator, "staff": cast.staff, "guest": cast.guest,
        "stranger": cast.stranger, "bar": cast.bar,
    }  # fmt: skip
    read: dict[str, Any] = await node("conversation.mjs", {
        "url": cast.url, "issuer": cast.venue.issuer.public, "address": cast.venue.address, "slug": cast.venue.slug,
        "keys": {who: key.raw().hex() for who, key in keys.items()}, "whole": whole,
    }, WAY_S_MAX)  # fmt: skip
    return read


def said(answer: dict[str, Any], name: str) -> str | None:
    """The value of the first tag of this name."""
    return next((tag[1] for tag in answer["tags"] if tag[0] == name), None)


def check_talk(read: dict[str, Any]) -> None:
    """The answers to the operator, to the guest and at the till."""
    assert [said(read["grant"], name) for name in ("answer", "points", "balance")] == ["done", "+50", "110"]
    assert said(read["balance"], "balance") == "110"
    lines = read["history"]["text"].splitlines()[1:]
    assert [line.split(": ")[1].split(",")[0] for line in lines] == ["+50 points", "+60 points"]
    assert len(read["receipts"]) == 2
    code = said(read["redeem"], "voucher")
    assert code is not None
    assert code in read["redeem"]["text"]
    assert (said(read["use"], "answer"), said(read["again"], "answer")) == ("done", "voucher-used")


@pytest.mark.parametrize("relay", RELAYS)
async def test_the_whole_way(tmp_path: Path, relay: str) -> None:
    """Order, grant, balance, history, redemption, use, going public, a stranger's check, a proof for another venue."""
    async with relay_named(relay) as url, conversation(tmp_path, url) as cast:
        read = await talk(cast, whole=True)
        check_talk(read)
        seen = read["seen"]
        assert seen["entries"][:2] == read["receipts"], "the very receipts"
        assert seen["card"] == [f"{cast.venue.slug}:{cast.guest.public}", "100", "silver", "3"]
        assert read["proven"] == {"type": "tier", "tier": "silver", "program": cast.venue.address}


@pytest.mark.parametrize("auth", ["both", "wraps", "scripted"])
async def test_a_relay_that_demands_to_be_logged_in(tmp_path: Path, auth: str) -> None:
    """NIP-42: daemon and people log in; "scripted" leaves wraps out without a word until their reader has."""
    if (why := unavailable("rust")) is not None:
        pytest.skip(why)
    async with ScriptedRelay(auth="wraps") if auth == "scripted" else RustRelay("--auth", auth) as relay:
        async with conversation(tmp_path, relay.url) as cast:
            check_talk(await talk(cast, whole=False))
