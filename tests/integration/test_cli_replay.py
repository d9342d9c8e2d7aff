"""replay: with the very same rules it gives exactly what really happened; with others, what they would have made."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from nostr_loyalty.cli import replay as verb
from tests.integration.hand import Hand
from tests.integration.month import live
from tests.unit.nostr_loyalty.served import Served


def compared(hand: Hand, new: Path, since: str = "2026-01-01") -> dict[str, Any]:
    """What the command says."""
    found: dict[str, Any] = json.loads(hand("replay", "--rules", new, "--since", since, "--json") or "{}")
    assert hand.code == 0, hand.err
    return found


class StoppedClock:
    """The moment at which a venue's month ended: tiers are compared as they were then."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> int:
        """That moment."""
        return self._at


@pytest.mark.parametrize("seed", range(6))
def test_the_same_rules_give_what_really_happened(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the point, to the customer's tier, for every day from which it is counted, in pages of any size."""
    ended = asyncio.run(live(tmp_path, seed))
    monkeypatch.setattr(verb, "SystemClock", lambda: StoppedClock(ended))
    hand = Hand(capsys, tmp_path / "config.toml")
    for since, page in (("2026-01-01", 2_000), ("2026-10-04", 50), ("2026-10-09", 3)):
        monkeypatch.setattr(verb, "PAGE", page)
        found = compared(hand, hand.config, since)
        assert found["proposed"] == found["really"], since
        assert found["refused"] == {}
    assert compared(hand, hand.config)["really"]["points"] > 300


OTHER = (
    ('per = "1000 sat"', 'per = "500 sat"'), ("threshold = 40", "threshold = 30"), ("points = 10\n", "points = 25\n"),
    ('gap = "2h"', 'gap = "20d"'), ("points = 60", "points = 5"), ('value = "1.5"', 'value = "3"'),
    ('factor = "2"', 'factor = "1.1"'), ("points = 2\n", "points = 90\n"), ("points = 7", "points = 70"),
    ('window = "9d"', 'window = "2d"'), ('window = "9d", ', ""), ('by = "points"', 'by = "visits"'),
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One month that several tests look at."""
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(live(folder, 7))
    return folder


@pytest.mark.parametrize(("old", "new"), OTHER, ids=[f"{old.strip()} to {new.strip()}" for old, new in OTHER])
def test_every_other_rule_makes_a_difference(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str
) -> None:
    """A changed setting changes points or tiers, and not what really happened."""
    text = (lived / "config.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "new.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    hand = Hand(capsys, lived / "config.toml")
    found, before = compared(hand, tmp_path / "new.toml"), compared(hand, hand.config)
    assert found["really"] == before["really"]
    assert found["proposed"] != before["proposed"]


def test_figures_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three orders of 10,000 sat, one half refunded: with a point for 500 sat twice the points, and twice the cost."""
    plain = 'point_value = "20 sat"\n[[program.tier]]\nid = "t"\ntitle = "T"\nthreshold = 16\n'

    async def sell() -> None:
        served = Served(tmp_path, extra=plain)
        async with served:
            for number in ("1", "2"):
                await served.take(served.order(number, "10000"))
            await served.take(served.order("3", "10000", customer=None))
            await served.take(served.order("2", "5000", status="refunded"))

    asyncio.run(sell())
    hand = Hand(capsys, tmp_path / "config.toml")
    text = (
        hand.config.read_text()
        .replace('per = "1000 sat"', 'per = "500 sat"')
        .replace("threshold = 16", "threshold = 31")
    )
    (tmp_path / "new.toml").write_text(text)
    found = compared(hand, tmp_path / "new.toml")
    assert found["really"] == {
        "points": 15, "unclaimed": 10, "cost": ["300", "sat"], "cost_tenths": 12, "tiers": {"": 1},
    }  # fmt: skip
    assert found["proposed"] == {
        "points": 30, "unclaimed": 20, "cost": ["600", "sat"], "cost_tenths": 24, "tiers": {"": 1},
    }  # fmt: skip
    assert found["orders"] == 3
    lines = hand("replay", "--rules", tmp_path / "new.toml", "--since", "2026-01-01").splitlines()
    assert [line.split()[-3:] for line in lines[1:3]] == [["15", "30", "+15"], ["10", "20", "+10"]]
    assert lines[3].split() == ["cost", "300", "sat", "600", "sat", "+300", "sat"]
    assert lines[-1] == "with these rules: 3 orders taken"


def test_orders_that_the_other_rules_would_not_take(
    lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules for euros refuse what was paid in sat, and say how much; a paused program is tried out as an active one."""
    text = (lived / "config.toml").read_text(encoding="utf-8").replace('per = "1000 sat"', 'per = "1 EUR"')
    (tmp_path / "new.toml").write_text(text.replace('vest = "3d"', 'vest = "3d"\nstatus = "paused"'), encoding="utf-8")
    found = compared(Hand(capsys, lived / "config.toml"), tmp_path / "new.toml")
    assert found["orders"] == 0
    assert found["refused"]["amount-without-rule"] > 50
    assert found["proposed"]["unclaimed"] == 0


def test_what_cannot_be_compared_is_told(lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another slug, a file with mistakes, a day that is none: what to type instead."""
    hand = Hand(capsys, lived / "config.toml")
    text = hand.config.read_text(encoding="utf-8")
    new = tmp_path / "new.toml"
    new.write_text(text.replace('slug = "cafe-sol"', 'slug = "cafe-luna"'), encoding="utf-8")
    hand("replay", "--rules", new, "--since", "2026-10-01")
    assert hand.code == 2
    assert "it has cafe-luna" in hand.err
    new.write_text(text.replace("points = 60", "points = -60"), encoding="utf-8")
    hand("replay", "--rules", new, "--since", "2026-10-01")
    assert hand.code == 78
    hand("replay", "--rules", hand.config, "--since", "1.10.2026")
    assert hand.code == 2
    assert "2026-10-01" in hand.err


def test_replaying_writes_nothing(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger is the same file, byte for byte, afterwards."""
    hand = Hand(capsys, lived / "config.toml")
    before = (lived / "loyalty.db").read_bytes()
    compared(hand, hand.config)
    assert (lived / "loyalty.db").read_bytes() == before
