"""A venue with every kind of rule that commands meet, its ledger filled by a real event path, and the command line.

`fill(folder)` makes it: a guest with 60 points of five orders, of which the last was one too many and is held; a
receipt that nobody has claimed; another guest who has ordered once.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kinds.keys import npub_encode
from nostr_loyalty.cli.main import main
from tests.clock import FakeClock
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, new_key

RULES = """
operators = ["{operator}"]
ttl = "30d"
tier_basis = {{ by = "points", grace = "10d" }}
[program.guard]
customer_orders = 4
action = "hold"
[program.hand]
points = 1000
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 40
[[program.tier]]
id = "platinum"
title = "Platinum"
threshold = 100
[[program.reward]]
id = "coffee"
title = "Free coffee"
cost = 10
type = "item"
value = "any coffee"
stock = 2
[[program.reward]]
id = "five"
title = "Five euros off"
cost = 20
type = "discount_amount"
value = "5 EUR"
limit = 1
limit_period = "day"
[[program.reward]]
id = "cellar"
title = "A bottle of the cellar"
cost = 30
type = "item"
value = "a bottle"
min_tier = "platinum"
[[program.earn]]
type = "feedback"
points = 3
[[program.earn]]
type = "referral"
points = 7
friend_points = 5
"""


@dataclass(frozen=True)
class Filled:
    """The venue's folder and who is who, keys in hex; `code` is on a receipt that nobody has claimed."""

    config: Path
    venue: Venue
    guest: str
    other: str
    operator: str
    code: str


async def fill(folder: Path, relays: list[str] | None = None) -> Filled:
    """The venue, with its daemon stopped; `relays`: those that its daemon will use."""
    guest, other, operator = (new_key().public for _ in range(3))
    served = Served(folder, extra=RULES.format(operator=npub_encode(operator)))
    served.clock = FakeClock(int(time.time()))
    async with served, asyncio.timeout(60):
        for number in ("1", "2", "3", "4", "5"):
            await served.take(served.order(number, "15000", customer=guest))
        await served.take(served.order("other", "2000", customer=other))
        (receipt,) = await served.take(served.order("receipt", "8000", customer=None))
    assert receipt.claim is not None
    if relays is not None:
        served.venue.relays = relays
        served.venue.write_config()
    return Filled(folder / "config.toml", served.venue, guest, other, operator, receipt.claim)


class Hand:
    """The command line, used on one configuration: `code`, `out` and `err` are of the last command."""

    def __init__(self, capsys: pytest.CaptureFixture[str], config: Path) -> None:
        self._capsys = capsys
        self.config = config
        self.code = -1
        self.out = self.err = ""

    def __call__(self, *words: object) -> str:
        """Run `nostr-loyalty WORDS… --config …`; what it printed on stdout."""
        self._capsys.readouterr()
        try:
            self.code = main([*map(str, words), "--config", str(self.config)])
        except SystemExit as left:
            self.code = int(left.code or 0)
        self.out, self.err = self._capsys.readouterr()
        return self.out

    def done(self, *words: object) -> dict[str, Any]:
        """The same with --json, for a command that is done: its outcome."""
        outcome: dict[str, Any] = json.loads(self(*words, "--json") or "{}")
        assert (self.code, outcome.get("result")) == (0, "done"), (self.code, self.out, self.err)
        return outcome

    def refused(self, *words: object) -> str:
        """The same for a command that is refused, in words and in JSON: the refusal's code."""
        said = self(*words)
        assert self.code == 1, (self.code, said, self.err)
        outcome: dict[str, Any] = json.loads(self(*words, "--json"))
        assert (self.code, outcome["result"], outcome["text"]) == (1, "refused", said.strip())
        return str(outcome["code"])

    def points(self, who: str) -> int:
        """The customer's balance."""
        return int(json.loads(self("balance", who, "--json"))["points"])

    def assert_clean(self) -> None:
        """The ledger agrees with itself."""
        self("check")
        assert self.code == 0, self.out
