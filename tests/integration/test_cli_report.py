"""report and export, on a ledger of a venue that has lived: figures against sums that are made here, by other means."""

import asyncio
import csv
import hashlib
import io
import json
import shutil
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kinds import entry as wire
from kinds.event import rumor_from_canonical, sign
from kinds.keys import npub_encode
from nostr_loyalty.commands.command import Cancel, Grant, Redeem, Relink, Revoke
from tests.clock import FakeClock
from tests.integration.hand import Hand
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, add_program, new_key

MADRID = ZoneInfo("Europe/Madrid")
RULES = """
point_value = "5 sat"
ttl = "20d"
tier_basis = { by = "points" }
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 40
[[program.reward]]
id = "coffee"
title = "Free coffee"
cost = 10
type = "item"
value = "any coffee"
"""


def noon(month: int, day: int) -> int:
    """A moment of 2026 on the venue's wall."""
    return int(datetime(2026, month, day, 12, tzinfo=MADRID).timestamp())


async def live(folder: Path) -> None:
    """August to November: guests come and stay away, redeem, get their points back, are refunded, move to a new key."""
    served = Served(folder, extra=RULES)
    served.clock = FakeClock(noon(8, 10))
    ana, ben, cleo, dora, new = (new_key().public for _ in range(5))
    async with served:

        async def at(month: int, day: int) -> None:
            served.clock.step(noon(month, day) - served.clock.now())
            await served.sweep()

        await served.take(served.order("1", "30000", customer=ana), served.order("2", "8000", customer=ben))
        await at(9, 30)  # what was earned in August has run out
        await served.take(served.order("3", "45000", customer=ana), served.order("4", "10000", customer=cleo))
        voucher = await served.asks(Redeem("coffee"), ana)
        await served.asks(Redeem("coffee"), ana)
        await at(10, 5)
        await served.asks(Cancel(str(voucher.facts["voucher"])), ana)
        await served.command(Grant(ben, 50, "sorry"))
        await served.command(Revoke(ben, 5))
        await served.take(
            served.order("5", "4000", customer=cleo),
            served.order("6", "7000", customer=None),
            served.order("7", "9000", customer=dora),
        )
        await at(10, 8)
        await served.take(
            served.order("3", "15000", customer=ana, status="refunded", refund_id="a"),
            served.order("7", "9000", customer=dora, status="canceled"),
        )
        await served.command(Relink(ana, new))
        await at(11, 3)
        await served.take(served.order("8", "21000", customer=new), served.order("9", "2000", customer=dora))
        await served.assert_clean()


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
    assert figures["outstanding"] - figures["opening"] == sum(points for _, points, _ in rows)


def test_months_follow_each_other_and_end_in_the_whole(hand: Hand) -> None:
    """Each month opens with what the one before left; the last is what customers have; and there is much to see."""
    opening = 0
    for month in MONTHS:
        figures = told(hand, "--month", month)["figures"]
        assert figures["opening"] == opening
        left = figures["issued"] - figures["redeemed"] - figures["expired"] - figures["revoked"]
        opening = figures["outstanding"]
        assert opening == figures["opening"] + left
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


def test_without_a_month_the_totals_stand_beside_it(hand: Hand) -> None:
    """The current month by the machine's clock, and everything up to its end."""
    report = told(hand)
    assert report["month"] == datetime.fromtimestamp(time.time(), MADRID).strftime("%Y-%m")
    rows = booked(hand)
    assert report["in_all"]["outstanding"] == sum(points for _, points, _ in rows)
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


# -- export -----------------------------------------------------------------------------------------------------------


def test_an_auditor_can_verify_an_export(hand: Hand, config: Path) -> None:
    """Of every entry the id is the hash of its document; signed again it is the published event, and chains hold."""
    rows = [json.loads(line) for line in hand("export", "--format", "jsonl").splitlines()]
    key = new_key().from_nsec((config.parent / "loyalty.key").read_text().strip())
    chains: dict[str, list[Any]] = {}
    for row in rows:
        assert hashlib.sha256(row["document"].encode()).hexdigest() == row["id"]
        event = sign(rumor_from_canonical(row["document"].encode()), key)
        assert event.id == row["id"]
        line = wire.parse(event)
        assert (line.customer, line.seq, line.type, line.points, line.balance, line.prev, line.rev, line.key) == tuple(
            row[name] for name in ("customer", "seq", "type", "points", "balance", "prev", "rev", "x")
        )
        chains.setdefault(row["customer"], []).append(event)
    for events in chains.values():
        wire.verify_chain(events)
    assert sum(map(len, chains.values())) == len(booked(hand))


def test_csv_holds_the_same_as_json_lines(hand: Hand) -> None:
    """All four tables: the same rows in the same order, with the columns named first."""
    for what in ("entries", "balances", "vouchers", "orders"):
        wanted = [json.loads(line) for line in hand("export", "--what", what, "--format", "jsonl").splitlines()]
        found = list(csv.DictReader(io.StringIO(hand("export", "--what", what))))
        assert len(found) == len(wanted) > 0
        for row, other in zip(found, wanted, strict=True):
            assert list(row) == list(other)
            assert row["customer"] == (other["customer"] or "")
            assert [row[name] for name in ("program",)] == [other["program"]]
        texts = [text for row in found for text in row.values() if text[:1] in "=+-@\t" and text]
        assert all(text.lstrip("+-").replace(".", "").isdigit() for text in texts)


def test_orders_and_vouchers_say_what_became_of_them(hand: Hand) -> None:
    """A partial refund, a cancelled order, a receipt without a customer; a voucher given back and one that ran out."""
    orders = {
        row["order"]: row
        for row in map(json.loads, hand("export", "--what", "orders", "--format", "jsonl").splitlines())
    }
    assert (orders["3"]["amount"], orders["3"]["refunded"], orders["3"]["unit"], orders["3"]["reversed"]) == (
        "45000", "15000", "sat", 15,
    )  # fmt: skip
    assert (orders["7"]["status"], orders["6"]["customer"], orders["6"]["earned"]) == ("canceled", None, 7)
    assert orders["1"]["time"] == "2026-08-10T12:00:00+02:00"
    vouchers = [json.loads(line) for line in hand("export", "--what", "vouchers", "--format", "jsonl").splitlines()]
    assert [(row["status"], row["charged"], row["cost"]) for row in vouchers] == [
        ("cancelled", 0, 10),
        ("expired", 0, 10),
    ]


def test_pages_leave_nothing_out(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page of any size the export is the same."""
    for what in ("entries", "balances", "vouchers", "orders"):
        whole = hand("export", "--what", what)
        for size in (1, 2, 3):
            monkeypatch.setattr("nostr_loyalty.cli.export.PAGE", size)
            assert hand("export", "--what", what) == whole
        monkeypatch.undo()


def test_out_replaces_a_file_when_it_is_complete(hand: Hand, tmp_path: Path) -> None:
    """For the owner only; an old file is replaced in whole, and nothing half is left behind."""
    target = tmp_path / "entries.csv"
    target.write_text("old and much longer than anything" * 10_000)
    assert hand("export", "--out", str(target)) == ""
    assert target.read_text(encoding="utf-8") == hand("export")
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]
    hand("export", "--out", str(tmp_path / "nowhere" / "x"))
    assert hand.code == 69


def test_npubs_are_told_for_people(hand: Hand) -> None:
    """A balance names its customer as npub too, and where a lost key's points went."""
    rows = [json.loads(line) for line in hand("export", "--what", "balances", "--format", "jsonl").splitlines()]
    assert all(row["npub"] == npub_encode(row["customer"]) for row in rows)
    (moved,) = [row for row in rows if row["moved_to"]]
    assert moved["moved_to"] in {row["customer"] for row in rows if row["tier"] == "gold"}
