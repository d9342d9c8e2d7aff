"""preview: what an order would earn, rule by rule, by the daemon's own code and without a trace."""

import asyncio
import io
import json
import sqlite3
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kinds.event import Template, author, sign, to_json
from kinds.order import Amount, Item, Line, PaidOrder, Payment, template
from ledger import programs
from ledger.database import Database
from tests.clock import FakeClock
from tests.integration.hand import Hand
from tests.unit.nostr_loyalty.served import Served
from tests.venue import Venue, add_program, new_key

RULES = """
exclude = ["tip"]
tier_basis = { by = "points" }
vest = "3d"
[[program.tier]]
id = "silver"
title = "Silver"
threshold = 20
[[program.tier]]
id = "gold"
title = "Gold"
threshold = 60
[[program.perk]]
tier = "silver"
type = "multiplier"
value = "1.5"
[[program.multiplier]]
name = "Always"
factor = "2"
schedule = "always"
[[program.cap]]
points = 100
period = "day"
[[program.earn]]
type = "visit"
points = 3
gap = "2h"
[[program.earn]]
type = "item"
points = 4
item = "cake"
[[program.earn]]
type = "welcome"
points = 10
[[program.earn]]
type = "payment"
points = 1
method = "lightning"
"""


class Shop:
    """A venue with these rules; `ana` has been there this morning, with 12 sat by the thousand."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.served = Served(folder, extra=RULES)
        self.hand = Hand(capsys, folder / "config.toml")
        self.ana = new_key().public
        self.now = int(time.time())
        self._folder, self._monkeypatch = folder, monkeypatch

    async def open(self) -> None:
        """Ana's first order, three hours ago."""
        self.served.clock = FakeClock(self.now - 3 * 3_600)
        async with self.served:
            await self.served.take(self.served.order("1", "12000", customer=self.ana))

    def order(self, customer: str | None, amount: str = "10000", **more: Any) -> dict[str, Any]:
        """An order as a template: what the till signs."""
        venue = self.served.venue
        order = PaidOrder(
            order_id=more.pop("order_id", "2"), program=venue.address, issuer=venue.issuer.public,
            source=venue.till.public, customer=customer, status=more.pop("status", "paid"),
            amount=Amount(amount, "sat"), paid_at=more.pop("paid_at", self.now), **more,
        )  # fmt: skip
        return template(order, self.now)._asdict()

    def preview(self, order: object, *words: str) -> dict[str, Any]:
        """What the command says about it, as JSON."""
        text = order if isinstance(order, str) else json.dumps(order)
        (self._folder / "order.json").write_text(text, encoding="utf-8")
        said = self.hand("preview", str(self._folder / "order.json"), *words, "--json")
        return json.loads(said) if said else {}

    def rows(self) -> list[Any]:
        """Everything in the ledger."""
        ledger = sqlite3.connect(self._folder / "loyalty.db")
        names = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in sorted(names) for row in ledger.execute(f"SELECT * FROM {name}").fetchall()]
        ledger.close()
        return rows


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop that has not opened yet: there is no ledger."""
    return Shop(tmp_path, capsys, monkeypatch)


def test_somebody_new_without_a_ledger(shop: Shop) -> None:
    """Every rule that has a say is named with its points; no ledger is made by asking."""
    order = shop.order(
        new_key().public, items=(Item("cake", "2", Amount("5000", "sat")),), payment=Payment("lightning")
    )
    found = shop.preview(order)
    assert shop.hand.code == 0
    assert {part["rule"]: part["points"] for part in found["parts"]} == {
        "spend": 10, "visit": 3, "item:cake": 8, "multiplier:Always": 21, "welcome": 10, "payment:lightning": 1,
    }  # fmt: skip
    assert found["points"] == 53
    assert (found["result"], found["tier_before"], found["tier_after"]) == ("accepted", None, "silver")
    assert not (shop.hand.config.parent / "loyalty.db").exists()


def test_somebody_whom_the_ledger_knows(shop: Shop) -> None:
    """Ana has her welcome already, keeps the gap, earns at the tier that she has, and the cap leaves her a rest."""
    asyncio.run(shop.open())
    found = shop.preview(shop.order(shop.ana, "30000"))
    assert {part["rule"]: part["points"] for part in found["parts"]} == {
        "spend": 30, "visit": 3, "multiplier:Always": 33, "tier:silver": 33, "cap:day": 100 - 40 - 99,
    }  # fmt: skip
    assert (found["points"], found["tier_before"], found["tier_after"]) == (60, "silver", "gold")
    assert found["balance_after"] == 100
    too_soon = shop.preview(shop.order(shop.ana, paid_at=shop.now - 3 * 3_600 + 60))
    assert [part["points"] for part in too_soon["parts"] if part["rule"] == "visit"] == [0]


def test_what_it_says_is_what_happens(shop: Shop) -> None:
    """The order itself, taken afterwards, earns just that, with that tier and that line; and asking wrote nothing."""
    asyncio.run(shop.open())
    before = shop.rows()
    found = shop.preview(shop.order(shop.ana))
    assert shop.rows() == before

    async def take() -> tuple[int, str | None, str]:
        served = shop.served.again()
        served.clock = FakeClock(shop.now)
        async with served:
            await served.promises()
            event = sign(template_of(shop.order(shop.ana)), served.venue.till)
            (answer,) = await served.take(event)
            return (await served.moved(shop.ana))[-1], answer.tier, (await served.standing(shop.ana)).tier or ""

    points, told, tier = asyncio.run(take())
    assert (found["points"], found["tier_after"]) == (points, tier) == (points, told)
    again = shop.preview(shop.order(shop.ana))
    assert (again["result"], again["parts"]) == ("duplicate", [])


def template_of(fields: dict[str, Any]) -> Template:
    """The template that these fields are."""
    return Template(**fields)


def test_points_that_wait_and_receipts(shop: Shop) -> None:
    """A delivery's points wait three days; without a customer the receipt holds them, and no code is shown."""
    found = shop.preview(shop.order(new_key().public, lines=(Line("delivery", Amount("1000", "sat")),)))
    assert found["pending_until"] == pytest.approx(shop.now + 3 * 86_400, abs=60)
    receipt = shop.preview(shop.order(None))
    assert (receipt["claimable"], receipt["points"], receipt["text"]) == (True, 26, None)
    assert "welcome" not in {part["rule"] for part in receipt["parts"]}


def test_an_event_a_rumor_and_a_template_say_the_same(shop: Shop) -> None:
    """Signed or not, from a file or from standard input."""
    fields, till = shop.order(new_key().public), shop.served.venue.till
    event, rumor = sign(template_of(fields), till), author(template_of(fields), till.public)
    found = [shop.preview(each) for each in (fields, rumor._asdict(), to_json(event))]
    bare = {"tags": [tag for tag in fields["tags"] if tag[0] not in ("a", "p")]}
    found.append(shop.preview(bare))
    assert found[0]["points"] == 36
    assert all(each == found[0] for each in found)


def test_standard_input(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """- reads the order from there; for people the rules stand line by line."""
    text = json.dumps(shop.order(new_key().public)).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    lines = shop.hand("preview", "-").splitlines()
    assert shop.hand.code == 0
    local = datetime.fromtimestamp(shop.now, ZoneInfo("Europe/Madrid")).strftime("%Y-%m-%d %H:%M")
    assert lines[0] == f"Café Sol: order 2, 10000 sat, paid {local}"
    assert lines[1].endswith(": new here")
    assert lines[-1] == "nothing was written"
    assert any(line.startswith("the order monitor would read: ") for line in lines)
    assert "tier before none, after Silver" in lines


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"pubkey": "1" * 64}, 1, "source-not-listed"), ({"paid_at": "9" * 12}, 1, "order-from-the-future"),
        ({"amount": "x"}, 1, "order-bad-amount"),
        ({"a": f"37411:{'1' * 64}:other", "p": "1" * 64}, 1, "program-unknown"),
        ({"order": ""}, 1, "order-no-id"),
    ],
)  # fmt: skip
def test_an_order_that_would_be_refused(shop: Shop, change: dict[str, str], code: int, said: str) -> None:
    """Exit 1 and the very code that the daemon would answer with."""
    fields = shop.order(new_key().public)
    fields["tags"] = [[tag[0], change.get(tag[0], tag[1]), *tag[2:]] for tag in fields["tags"]]
    found = shop.preview(fields | {name: value for name, value in change.items() if name == "pubkey"})
    assert (shop.hand.code, found["result"]) == (code, "rejected")
    assert said in found["text"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "1", '{"tags": 1}', '{"tags": []} x', '{"kind": 1, "tags": []}', '{"tags": [[1]]}', "[" * 99_999,
     '{"kind": 7412, "tags": [["status", "refunded"]]}'],
)  # fmt: skip
def test_what_is_no_order_is_told(shop: Shop, text: str) -> None:
    """Exit 2 with the file and what is the matter, never a traceback."""
    assert shop.preview(text) == {}
    assert shop.hand.code == 2
    assert "order.json: " in shop.hand.err


@pytest.mark.parametrize("status", ["refunded", "canceled"])
def test_an_order_that_was_taken_back_earns_nothing_signed_or_not(shop: Shop, status: str) -> None:
    """Exit 2 for both: what a paid order would earn can be shown, and nothing else."""
    fields = shop.order(new_key().public, status=status, refund_id="r1" if status == "refunded" else None)
    for order in (fields, to_json(sign(template_of(fields), shop.served.venue.till))):
        assert shop.preview(order) == {}
        assert (shop.hand.code, f"an order that was {status}" in shop.hand.err) == (2, True)


def test_a_program_that_a_message_paused_earns_nothing(shop: Shop) -> None:
    """It is refused as the daemon would refuse it, until it is resumed."""
    asyncio.run(shop.open())

    async def pause(*, paused: bool) -> None:
        database = await Database.open(shop.served.config.daemon.database)
        async with database.write() as w:
            await programs.pause(w, shop.served.program.ledger_id, paused=paused)
        await database.close()

    for paused, code in ((True, 1), (False, 0)):
        asyncio.run(pause(paused=paused))
        found = shop.preview(shop.order(shop.ana))
        assert (shop.hand.code, found["reason"]) == (code, "program-paused" if paused else None)


def test_a_signature_that_does_not_hold(shop: Shop) -> None:
    """An event that was changed after it was signed is refused as such."""
    event = sign(template_of(shop.order(new_key().public)), shop.served.venue.till)
    shop.preview(event._replace(content="x")._asdict())
    assert shop.hand.code == 2
    assert "wrong-id" in shop.hand.err


def test_a_file_that_is_not_there(shop: Shop) -> None:
    """Exit 69 with its name."""
    shop.hand("preview", "nowhere.json")
    assert shop.hand.code == 69
    assert "nowhere.json" in shop.hand.err


def test_another_program(shop: Shop, tmp_path: Path) -> None:
    """--program lets another program decide on the same order; an order names its program otherwise."""
    bar = Venue(tmp_path, [], slug="bar-luna", till=shop.served.venue.till)
    add_program(shop.hand.config, bar)
    order = shop.order(new_key().public)
    assert shop.preview(order)["program"] == shop.served.venue.address
    found = shop.preview(order, "--program", "bar-luna")
    assert (found["program"], found["points"]) == (bar.address, 10)
