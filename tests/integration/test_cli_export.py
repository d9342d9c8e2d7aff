"""export, on the ledger of a venue that has lived: what an auditor and a spreadsheet are given."""

import asyncio
import csv
import hashlib
import io
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from kinds import entry as wire
from kinds import program as wire_program
from kinds.event import rumor_from_canonical, sign
from kinds.keys import SecretKey, npub_encode
from nostr_loyalty.reports.records import COLUMNS
from tests.clock import FakeClock
from tests.integration.hand import Hand
from tests.integration.lived import live
from tests.unit.nostr_loyalty.served import Served
from tests.venue import new_key


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


def test_an_auditor_can_verify_an_export(hand: Hand, config: Path) -> None:
    """Of every entry the id is the hash of its document; signed again it is the published event, and chains hold."""
    rows = [json.loads(line) for line in hand("export", "--format", "jsonl").splitlines()]
    key = SecretKey.from_nsec((config.parent / "loyalty.key").read_text().strip())
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
    ledger = sqlite3.connect(config.parent / "loyalty.db")
    assert [(sum(map(len, chains.values())),)] == ledger.execute("SELECT count(*) FROM entry").fetchall()
    ledger.close()


def test_an_auditor_gets_the_rules_of_every_day(hand: Hand) -> None:
    """Each entry names rules that are in the export: the document's hash is the name, and it reads as a definition."""
    rows = [json.loads(line) for line in hand("export", "--what", "revisions", "--format", "jsonl").splitlines()]
    named = {json.loads(line)["rev"] for line in hand("export", "--format", "jsonl").splitlines()}
    assert named <= {row["rev"] for row in rows}
    for row in rows:
        rumor = rumor_from_canonical(row["document"].encode())
        assert rumor.id == row["rev"]
        assert f"37411:{rumor.pubkey}:{wire_program.parse(rumor).slug}" == row["program"]
    assert [row["added_at"] for row in rows] == sorted(row["added_at"] for row in rows)


def test_csv_holds_the_same_as_json_lines(hand: Hand) -> None:
    """All five tables: the same rows in the same order, with the columns named first."""
    for what in COLUMNS:
        wanted = [json.loads(line) for line in hand("export", "--what", what, "--format", "jsonl").splitlines()]
        found = list(csv.DictReader(io.StringIO(hand("export", "--what", what))))
        assert len(found) == len(wanted) > 0
        for row, other in zip(found, wanted, strict=True):
            assert list(row) == list(other)
            assert row.get("customer") == (other["customer"] or "" if "customer" in other else None)
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
    for what in COLUMNS:
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


def test_the_sums_of_an_export_are_those_of_the_report_when_somebody_was_forgotten(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The forgotten one's entries stand there under the pseudonym, without a document, and the books add up; what is
    booked afterwards has one, which names the pseudonym.
    """
    served = Served(tmp_path)
    served.clock = FakeClock(int(time.time()))
    other = new_key().public

    async def lived() -> None:
        async with served:
            await served.take(served.order("1"), served.order("2", "30000"), served.order("3", customer=other))
            assert [said.code for said in await served.write(served.guest, "forget me yes")] == ["forgotten"]
            await served.take(served.order("1", "12000", status="refunded", refund_id="r"))
            await served.assert_clean()

    asyncio.run(lived())
    hand = Hand(capsys, tmp_path / "config.toml")
    entries = [json.loads(line) for line in hand("export", "--format", "jsonl").splitlines()]
    figures = json.loads(hand("report", "--json"))["in_all"]
    assert sum(row["points"] for row in entries) == figures["net"] == 42
    assert [figures[name] for name in ("outstanding", "owed", "forgotten")] == [12, 0, 30]
    (pseudonym,) = {row["customer"] for row in entries if row["forgotten"]}
    assert served.guest.public not in json.dumps(entries)
    assert [(row["points"], row["document"] is None) for row in entries if row["customer"] == pseudonym] == [
        (12, True), (30, True), (-12, False),
    ]  # fmt: skip
    assert [row["customer"] for row in entries if not row["forgotten"]] == [other]
    balances = [json.loads(line) for line in hand("export", "--what", "balances", "--format", "jsonl").splitlines()]
    assert sum(row["points"] - row["owed"] for row in balances) == figures["net"]
    assert sum(row["points"] for row in balances if not row["forgotten"]) == figures["outstanding"]
    assert [(row["customer"], row["npub"], row["points"]) for row in balances if row["forgotten"]] == [
        (pseudonym, None, 30)
    ]
    assert entries[2]["prev"] is None
    heads = {row["seq"]: row["id"] for row in entries if row["forgotten"]}
    assert [row["prev"] for row in entries if row["forgotten"]] == [None, heads[1], heads[2]]
    hand.assert_clean()
