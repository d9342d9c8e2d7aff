"""Against nostr-tools (npm) on Node: a till and a guest that know nothing of our code, NIP-44 and NIP-04 both ways.

`make test` installs nostr-tools first; without node, or without the installation, these are skipped with the reason.
"""

import asyncio
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from kinds import entry, nip04, nip44
from kinds.event import claim, verify
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key

FOLDER = Path(__file__).parent
NODE = shutil.which("node")
NODE_S_MAX = 60.0
SIZES = (1, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1_023, 1_024, 1_025, 40_000, 65_407, 65_408, 65_535)


def missing() -> str | None:
    """Why these tests cannot run here, or None."""
    if NODE is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / "nostr-tools").is_dir():
        return "nostr-tools is not installed (make test does it; or: npm install --prefix tests/interop)"
    return None


pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


async def node(script: str, asked: object, within_s: float = NODE_S_MAX) -> Any:
    """What a script of this folder answers to a question; fails the test with its trace when it does not."""
    assert NODE is not None
    process = await asyncio.create_subprocess_exec(
        NODE, str(FOLDER / script),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, trace = await asyncio.wait_for(process.communicate(json.dumps(asked).encode()), within_s)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, trace.decode(errors="replace")
    return json.loads(out)


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_a_till_and_a_guest_on_nostr_tools(tmp_path: Path, relay: str, visibility: str, wrapped: bool) -> None:
    """The order is taken, the guest verifies entry, rules and card, the till reads its line: all without our code."""
    guest = new_key()
    async with relay_named(relay) as url:
        venue = Venue(tmp_path, [url], visibility=visibility)
        async with serving(venue.write_config()):
            asked = {
                "url": url, "issuer": venue.issuer.public, "address": venue.address, "slug": venue.slug,
                "visibility": visibility, "wrapped": wrapped, "till": venue.till.raw().hex(),
                "guest": guest.raw().hex(), "order": "A-17", "amount": ["12999", "sat"], "paid_at": int(time.time()),
            }  # fmt: skip
            read = await node("visit.mjs", asked)
    line = entry.parse(verify(claim(read["entry"])))
    assert (line.points, line.balance, line.seq, line.customer) == (12, 12, 1, guest.public)
    assert read["card"] == {"points": 12, "seq": 1, "head": read["entry"]["id"]}
    assert read["text"] == (None if visibility == "public" else "+12 points at Café Sol, balance 12")
    assert read["answer"]["text"] == "1st visit this month; +12 points, balance 12"
    tags = read["answer"]["tags"]
    for tag in (["order", "A-17"], ["result", "accepted"], ["points", "+12"], ["balance", "12"], ["visits_month", "1"]):
        assert tag in tags
    assert ["e", read["orderId"], "", "reply"] in tags


async def test_nip44_both_ways() -> None:
    """What we encrypt they read and the other way round, for every size where padding or length prefix change."""
    one, two = new_key(), new_key()
    conversation = nip44.conversation_key(one, two.public)
    texts = ["x" * size for size in SIZES] + ["é" * 300, "\u2028\x00\x7f\U0001f600"]
    ours = [nip44.encrypt(text, conversation, os.urandom(32)) for text in texts]
    sides = {"secret": two.raw().hex(), "pubkey": one.public}
    asked = [{**sides, "payload": payload} for payload in ours] + [{**sides, "plaintext": text} for text in texts]
    answers = await node("nip44.mjs", asked)
    assert answers[: len(texts)] == texts
    assert [nip44.decrypt(payload, conversation) for payload in answers[len(texts) :]] == texts


async def test_nip04_both_ways() -> None:
    """The old messages too: at every border of a block, and with characters of several bytes."""
    one, two = new_key(), new_key()
    texts = ["x" * size for size in (0, 1, 15, 16, 17, 4_096)] + ["Café \u2028\U0001f600"]
    ours = [nip04.encrypt(text, one, two.public, os.urandom(16)) for text in texts]
    sides = {"secret": two.raw().hex(), "pubkey": one.public}
    asked = [{**sides, "payload": payload} for payload in ours] + [{**sides, "plaintext": text} for text in texts]
    answers = await node("nip04.mjs", asked)
    assert answers[: len(texts)] == texts
    assert [nip04.decrypt(payload, one, two.public) for payload in answers[len(texts) :]] == texts
