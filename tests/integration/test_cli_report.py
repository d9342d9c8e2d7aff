"""report, on the ledger of a venue that has lived: figures against sums that are made here, by other means."""

import asyncio
import csv
import io
import json
import re
import shutil
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nostr_loyalty.commands.command import Grant, Relink, Revoke
from tests.clock import FakeClock
from tests.integration.hand import Hand
from tests.integration.lived import MADRID, live
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, add_program, new_key


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lived once; the tests only read it."""
    folder = tmp_path_factory.mktemp("lived")
    asyncio.run(live(folder))
    return folder / "config.toml"


@pytest.fixture
def hand(capsys: pytest.CaptureFixture[str], config: Path) -> Hand:
    """The command line on that venue."""
    return Hand(capsys, config)


def told(hand: Hand, *words: str) -> dict[str, Any]:
    """The report as JSON."""
    found: dict[str, Any] = json.loads(hand("report", *words, "--json"))
    assert hand.code == 0, hand.err
    return found


def booked(hand: Hand, month: str | None = None) -> list[tuple[str, int, str]]:
    """(type, points, type of what it reverses) of every entry, of one month by the venue's clock or of all."""
    ledger = sqlite3.connect(hand.config.parent / "loyalty.db")
    rows = ledger.execute(
        "SELECT e.type, e.points, coalesce(b.type, ''), e.recorded_at "
        "FROM entry e LEFT JOIN entry b ON b.id = e.reverses"
    ).fetchall()
    ledger.close()
    return [
        (type_, points, of)
        for type_, points, of, at in rows
        if month is None or datetime.fromtimestamp(at, MADRID).strftime("%Y-%m") == month
    ]


MONTHS = ("2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12")
MOVED = 20  # what Ana's old key had when it was lost: 45, two coffees less, one back, 15 refunded


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_is_the_sum_of_its_entries(hand: Hand, month: str) -> None:
    """Every figure of points against the entries themselves; a linked pair is taken out of both sides."""
    figures = told(hand, "--month", month)["figures"]
    rows = booked(hand, month)
    moved = MOVED if month == "2026-10" else 0
    assert figures["issued"] == sum(points for type_, points, _ in rows if type_ in ("earned", "granted")) - moved
    assert figures["granted"] == sum(points for type_, points, _ in rows if type_ == "granted") - moved
    back = sum(points for type_, points, of in rows if type_ == "revoked" and of == "redeemed")
    assert figures["given_back"] == back
    assert figures["redeemed"] == -sum(points for type_, points, _ in rows if type_ == "redeemed") - back
    assert figures["expired"] == -sum(points for type_, points, _ in rows if type_ == "expired")
    assert figures["revoked"] == -sum(points for type_, points, _ in rows if type_ == "revoked") + back - moved
    assert figures["net"] - figures["opening"] == sum(points for _, points, _ in rows)


def test_months_follow_each_other_and_end_in_the_whole(hand: Hand) -> None:
    """Each month opens with what the one before left; the last is what customers have; and there is much to see."""
    opening = 0
    for month in MONTHS:
        figures = told(hand, "--month", month)["figures"]
        assert figures["opening"] == opening
        left = figures["issued"] - figures["redeemed"] - figures["expired"] - figures["revoked"]
        opening = figures["net"]
        assert opening == figures["opening"] + left
        assert opening == figures["outstanding"] - figures["owed"] + figures["forgotten"]
    rows = list(csv.DictReader(io.StringIO(hand("export", "--what", "balances"))))
    assert opening == sum(int(row["points"]) for row in rows)
    october = told(hand, "--month", "2026-10")["figures"]
    assert [october[name] for name in ("issued", "granted", "redeemed", "given_back", "revoked")] == [
        63,
        50,
        -10,
        10,
        29,
    ]
    assert told(hand, "--month", "2026-09")["figures"]["expired"] == 38


def test_customers_who_came_and_who_stayed_away(hand: Hand) -> None:
    """Dora's order of October was cancelled, so in November she is new; Ana came with another key and is the same."""
    keys = ("active", "new", "lapsing")
    seen = {month: tuple(told(hand, "--month", month)["figures"][key] for key in keys) for month in MONTHS}
    assert seen == {
        "2026-07": (0, 0, 0), "2026-08": (2, 2, 0), "2026-09": (2, 1, 1), "2026-10": (1, 0, 2), "2026-11": (2, 1, 2),
        "2026-12": (0, 0, 3),
    }  # fmt: skip


def test_sales_and_cost(hand: Hand) -> None:
    """Orders less refunds in their currency, receipts included; ten points of 5 sat on 55,000 sat are 0.1 %."""
    figures = told(hand, "--month", "2026-09")["figures"]
    assert figures["sales"] == [
        {"currency": "msat", "orders": 2, "net": ["40000", "sat"], "refunded": ["15000", "sat"]}
    ]
    assert (figures["cost"], figures["cost_tenths"]) == (["100", "sat"], 3)
    october = told(hand, "--month", "2026-10")
    assert october["figures"]["sales"][0]["net"] == ["11000", "sat"]
    assert (october["now"]["unclaimed"], october["now"]["pending"]) == (7, 0)
    assert october["figures"]["liability"] == [str(5 * october["figures"]["outstanding"]), "sat"]


def test_tiers_now(hand: Hand) -> None:
    """Ana's new key has her tier; the key that she lost is not counted."""
    tiers = told(hand)["now"]["tiers"]
    assert [(one["title"], one["customers"]) for one in tiers] == [("no tier", 3), ("Gold", 1)]


def test_points_that_moved_count_nowhere_when_the_guest_was_forgotten_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lost keys, points of several lots, and a deficit: no document names the pairs any more, and the figures stay
    what they were.
    """
    served = Served(tmp_path)
    served.clock = FakeClock(int(time.time()))
    second, third, poor, heir = (new_key() for _ in range(4))
    hand = Hand(capsys, tmp_path / "config.toml")

    async def live_on(*, forget: bool) -> None:
        async with served if not forget else served.again() as place:
            if forget:
                for key in (third, heir):
                    assert [said.code for said in await place.write(key, "forget me yes")] == ["forgotten"]
                return
            await place.take(place.order("1"), place.order("2", "30000"), place.order("3", customer=poor.public))
            await place.command(Grant(place.guest.public, 5))
            await place.command(Revoke(poor.public, 20))
            for old, new in ((place.guest, second), (second, third), (poor, heir)):
                assert (await place.command(Relink(old.public, new.public))).result == "done"

    asyncio.run(live_on(forget=False))
    before = told(hand)
    assert [before["in_all"][name] for name in ("issued", "granted", "revoked", "net")] == [59, 5, 20, 39]
    asyncio.run(live_on(forget=True))
    of_the_forgotten = {"outstanding": 0, "owed": 0, "forgotten": 39}
    assert told(hand)["in_all"] == before["in_all"] | of_the_forgotten
    assert told(hand)["figures"] == before["figures"] | of_the_forgotten


def test_debts_and_forgotten_guests_are_no_part_of_what_is_outstanding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One guest has 12 points, one owes 9,988, one with 30 was forgotten: 12 are outstanding; before any of it
    nothing was; nothing of the forgotten guest is in the tiers or runs out; and the books add up.
    """
    extra = (
        'ttl = "365d"\npoint_value = "0.03 EUR"\n[[program.tier]]\nid = "silver"\ntitle = "Silver"\nthreshold = 20\n'
    )
    served = Served(tmp_path, extra=extra)
    served.clock = FakeClock(int(time.time()))
    gone, poor = new_key(), new_key()

    async def live_on() -> None:
        async with served:
            orders = [served.order("1"), served.order("2", "30000", customer=gone.public)]
            await served.take(*orders, served.order("3", customer=poor.public))
            await served.command(Revoke(poor.public, 10_000))
            assert [said.code for said in await served.write(gone, "forget me yes")] == ["forgotten"]

    asyncio.run(live_on())
    hand = Hand(capsys, tmp_path / "config.toml")
    report = told(hand)
    for span in (report["figures"], report["in_all"]):
        assert (span["outstanding"], span["owed"], span["forgotten"]) == (12, 9_988, 30)
        assert span["liability"] == ["0.36", "EUR"]
        left = span["issued"] - span["redeemed"] - span["expired"] - span["revoked"]
        assert left == span["outstanding"] - span["owed"] + span["forgotten"] == span["net"]
    assert report["now"]["owed"] == 9_988
    assert [(one["title"], one["customers"], one["points"]) for one in report["now"]["tiers"]] == [
        ("no tier", 2, 12), ("Silver", 0, 0),
    ]  # fmt: skip
    earlier = told(hand, "--month", "2020-01")["figures"]
    assert [earlier[name] for name in ("outstanding", "owed", "forgotten", "net")] == [0, 0, 0, 0]
    (running_out,) = json.loads(hand("expiries", "--json"))
    assert (running_out["customer"], running_out["points"]) == (served.guest.public, 12)
    exported = [json.loads(line) for line in hand("export", "--format", "jsonl").splitlines()]
    assert sum(row["points"] for row in exported) == report["in_all"]["net"]
    lines = hand("report")
    assert re.search(r"points owed by customers +9,988 +9,988\n  points of forgotten customers +30 +30\n", lines)


def test_without_a_month_the_totals_stand_beside_it(hand: Hand) -> None:
    """The current month by the machine's clock, and everything up to its end."""
    report = told(hand)
    assert report["month"] == datetime.fromtimestamp(time.time(), MADRID).strftime("%Y-%m")
    rows = booked(hand)
    assert report["in_all"]["net"] == sum(points for _, points, _ in rows)
    assert report["in_all"]["active"] == 4
    assert report["in_all"]["breakage_tenths"] == round(1000 * report["in_all"]["expired"] / report["in_all"]["issued"])
    assert told(hand, "--month", "2026-11")["in_all"] is None
    lines = hand("report").splitlines()
    assert lines[0].split()[-2:] == ["in", "all"]


def test_the_page(hand: Hand, tmp_path: Path) -> None:
    """--html writes the page beside what is printed; a place that cannot be written is told."""
    out = hand("report", "--month", "2026-10", "--html", str(tmp_path / "report.html"))
    assert "points issued" in out
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "Café Sol" in text
    assert text.count("<svg") == 3
    hand("report", "--html", str(tmp_path / "nowhere" / "report.html"))
    assert hand.code == 69
    assert "disk-unavailable" in hand.err


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-1", "11-2026", "0000-01", "2026-011"])
def test_a_month_that_is_none(hand: Hand, month: str) -> None:
    """Exit 2, and how to write one."""
    hand("report", "--month", month)
    assert hand.code == 2
    assert "2026-11" in hand.err


def test_several_programs_and_one_that_never_served(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that the ledger has never seen has nothing; the others are not mixed up with it."""
    shutil.copytree(config.parent, tmp_path / "copy")
    folder = tmp_path / "copy"
    add_program(folder / "config.toml", Venue(folder, [], slug="bar-luna"))
    hand = Hand(capsys, folder / "config.toml")
    cafe, bar = json.loads(hand("report", "--month", "2026-10", "--json"))
    assert (cafe["figures"]["issued"], bar["figures"]["issued"], bar["figures"]["outstanding"]) == (63, 0, 0)
    assert bar["now"]["tiers"] == []
    assert hand("export", "--program", "bar-luna").count("\n") == 1
    assert "bar-luna" in hand("report")
