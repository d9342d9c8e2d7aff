"""The operator's hand while no daemon runs: each verb does what it says, once, and says no with a code."""

import asyncio
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from kinds.event import claim, verify
from kinds.keys import EventPointer, Profile, bech32_encode, nevent_encode, nprofile_encode, npub_encode
from nostr_loyalty import errors
from nostr_loyalty.cli.acting import LATER
from tests.integration.hand import Filled, Hand, fill
from tests.venue import Venue, add_program, new_key


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Made once; each test has a copy."""
    return asyncio.run(fill(tmp_path_factory.mktemp("venue")))


@pytest.fixture
def hand(origin: Filled, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Hand:
    """The command line on a copy of the venue."""
    shutil.copytree(origin.config.parent, tmp_path / "copy")
    return Hand(capsys, tmp_path / "copy" / "config.toml")


def test_the_venue_is_as_it_is_said_to_be(origin: Filled, hand: Hand) -> None:
    """60 points of four orders, a fifth held that counts for no tier, Gold; what runs out: where the tests begin."""
    row = json.loads(hand("balance", origin.guest, "--json"))
    assert (row["points"], row["tier"], row["seq"], row["pending"]) == (60, "gold", 4, 15)
    assert row["tier_progress"] == {"reached": 60, "needed": 100, "tier": "platinum"}
    assert row["next_expiry"]["points"] == 60
    text = hand("balance", origin.guest)
    for part in ("60 points", "Gold tier", "60 of 100 to Platinum", "60 points run out at", "15 points to come"):
        assert part in text
    hand.assert_clean()


def test_grant_and_revoke(origin: Filled, hand: Hand) -> None:
    """Points come and go; the entries verify, and carry the reason; what was promised is sent later."""
    assert hand("grant", npub_encode(origin.guest), 5, "--reason", "for a broken cup").endswith(LATER + "\n")
    assert hand.code == 0
    outcome = hand.done("revoke", origin.guest, 2, "--reason", "a mistake")
    assert (outcome["facts"]["points"], outcome["facts"]["balance"], outcome["daemon"]) == (-2, 63, False)
    events = [verify(claim(each)) for each in json.loads(hand("history", origin.guest, "--json"))]
    assert [event.content for event in events[-2:]] == ["for a broken cup", "a mistake"]
    assert events[-1].id == outcome["facts"]["entries"][0]
    lines = hand("history", origin.guest).splitlines()
    assert "granted      +5" in lines[-2]
    assert "revoked      -2" in lines[-1]
    hand.assert_clean()


@pytest.mark.parametrize("form", ["hex", "note", "nevent", "nostr:nevent"])
def test_revoke_of_one_entry(origin: Filled, hand: Hand, form: str) -> None:
    """An entry is named in each of its forms, and taken back once."""
    (entry,) = hand.done("grant", origin.guest, 5)["facts"]["entries"]
    forms = {
        "hex": entry, "note": bech32_encode("note", bytes.fromhex(entry)), "nevent": nevent_encode(EventPointer(entry)),
        "nostr:nevent": "nostr:" + nevent_encode(EventPointer(entry, ("wss://relay.example.com",))),
    }  # fmt: skip
    assert hand.done("revoke", "--entry", forms[form])["facts"]["balance"] == 60
    assert hand.refused("revoke", "--entry", forms[form]) == "entry-reversed-before"
    assert hand.refused("revoke", "--entry", "ab" * 32) == "entry-unknown"


def test_refund_in_part_and_in_whole(origin: Filled, hand: Hand) -> None:
    """A part takes its share, the rest takes the rest, and no more can be paid back than was paid."""
    hand.done("refund", "1", "--amount", "5000sat")
    assert hand.points(origin.guest) == 55
    assert hand.refused("refund", "1", "--amount", "20000 sat") == "refund-above-order"
    assert hand.refused("refund", "1", "--amount", "5 EUR") == "refund-other-unit"
    hand.done("refund", "1")
    assert hand.points(origin.guest) == 45
    assert hand.refused("refund", "nobody-knows") == "order-unknown"
    hand.assert_clean()


def test_a_voucher_is_redeemed_used_and_cancelled(origin: Filled, hand: Hand) -> None:
    """Points go when it is redeemed; a smaller bill gives a part back, a cancellation all; the history says it."""
    first, second = (hand.done("redeem", origin.guest, reward)["facts"]["voucher"] for reward in ("five", "coffee"))
    assert hand.points(origin.guest) == 30
    assert hand.refused("redeem", origin.guest, "five") == "reward-limit-reached"
    assert hand.refused("redeem", origin.guest, "cellar") == "reward-needs-tier"
    assert hand.refused("redeem", origin.guest, "tea") == "reward-unknown"
    used = hand.done("use", first.lower().replace("-", ""), "--bill", "2 EUR", "--order", "77")
    assert used["facts"]["charged"] == 8
    hand.done("cancel", second)
    assert hand.points(origin.guest) == 52
    assert hand.refused("use", first) == "voucher-used"
    assert hand.refused("cancel", second) == "voucher-cancelled"
    assert hand.refused("use", "ABCD-EFGH") == "voucher-unknown"
    rows = json.loads(hand("vouchers", origin.guest, "--json"))
    assert [(row["reward"], row["status"], row["is_active"], row["cost"], row["charged"]) for row in rows] == [
        ("coffee", "cancelled", False, 10, 0), ("five", "used", False, 20, 8),
    ]  # fmt: skip
    assert rows[1]["order"] == "77"
    assert "Five euros off (five), 8 points of 20: used" in hand("vouchers", origin.guest)
    assert first not in hand.out
    hand.assert_clean()


def test_an_issued_voucher_is_active_until_its_hold_ends(origin: Filled, hand: Hand) -> None:
    """While it can be used it says so, with the end of its hold; after that it does not, even before the sweep."""
    code = hand.done("redeem", origin.guest, "coffee")["facts"]["voucher"]
    (row,) = json.loads(hand("vouchers", origin.guest, "--json"))
    assert (row["status"], row["is_active"], row["ended_at"]) == ("issued", True, None)
    assert "to be used before" in hand("vouchers", origin.guest)
    ledger = sqlite3.connect(hand.config.parent / "loyalty.db")
    ledger.execute("UPDATE voucher SET hold_until = issued_at")
    ledger.commit()
    ledger.close()
    (row,) = json.loads(hand("vouchers", origin.guest, "--json"))
    assert (row["status"], row["is_active"]) == ("issued", False)
    assert "out of time" in hand("vouchers", origin.guest)
    assert hand.refused("use", code) == "voucher-expired"


def test_rewards_with_what_is_left(origin: Filled, hand: Hand) -> None:
    """The stock goes down with each voucher and up with a cancellation; at 0 it is sold out."""
    first = hand.done("redeem", origin.guest, "coffee")["facts"]["voucher"]
    hand.done("redeem", origin.guest, "coffee")
    rows = {row["reward"]: row for row in json.loads(hand("rewards", "--json"))}
    assert (rows["coffee"]["stock"], rows["coffee"]["left"], rows["five"]["left"]) == (2, 0, None)
    assert hand.refused("redeem", origin.guest, "coffee") == "reward-sold-out"
    hand.done("cancel", first)
    lines = hand("rewards").splitlines()
    assert "Free coffee (coffee): 10 points, 1 of 2 left" in lines[0]
    assert "at most 1 a day" in lines[1]
    assert "from Platinum" in lines[2]


def test_freeze_and_unfreeze(origin: Filled, hand: Hand) -> None:
    """A frozen guest cannot ask for anything itself, is shown as frozen, and can be thawed."""
    hand.done("freeze", origin.guest)
    assert json.loads(hand("balance", origin.guest, "--json"))["frozen"] is True
    assert "frozen" in hand("balance", origin.guest)
    assert hand.refused("claim", origin.guest, origin.code) == "customer-frozen"
    hand.done("unfreeze", origin.guest)
    hand.done("claim", origin.guest, origin.code)


def test_relink(origin: Filled, hand: Hand) -> None:
    """Everything moves to the new key; the old one says where it went."""
    new = new_key().public
    hand.done("relink", nprofile_encode(Profile(origin.guest)), npub_encode(new))
    assert (hand.points(origin.guest), hand.points(new)) == (0, 60)
    assert json.loads(hand("balance", origin.guest, "--json"))["relinked_to"] == new
    assert f"replaced by {new}" in hand("balance", origin.guest)
    assert json.loads(hand("balance", new, "--json"))["tier"] == "gold"
    assert hand.refused("relink", origin.guest, origin.guest) == "relink-same"
    hand.assert_clean()


def test_undo_is_of_ones_own_last_command(origin: Filled, hand: Hand) -> None:
    """Each operator takes back what that operator did last, and when nothing is left, that is said."""
    hand.done("grant", origin.guest, 5)
    hand.done("grant", origin.guest, 7, "--as", npub_encode(origin.operator))
    hand.done("undo")
    assert hand.points(origin.guest) == 67
    assert hand.refused("undo") == "undo-nothing"
    hand.done("undo", "--as", origin.operator)
    assert hand.points(origin.guest) == 60


@pytest.mark.parametrize(("verb", "points"), [("release", 75), ("drop", 60)])
def test_what_the_guard_holds(origin: Filled, hand: Hand, verb: str, points: int) -> None:
    """The fifth order of the day is shown with its points; it is booked or dropped once, and is no open flag then."""
    (row,) = json.loads(hand("flags", "--json"))
    assert (row["order"], row["customer"], row["what"], row["orders"]) == ("5", origin.guest, "customer", 5)
    assert (row["held"], row["points"], row["source"]) == (True, 15, origin.venue.till.public)
    assert "order 5, number 5 of its day by the same customer; 15 points held" in hand("flags")
    hand.done(verb, "5")
    assert hand.points(origin.guest) == points
    assert json.loads(hand("flags", "--json")) == []
    assert hand("flags") == "no open flags\n"
    assert hand.refused(verb, "5") == "order-not-held"
    hand.assert_clean()


def test_what_customers_ask_for(origin: Filled, hand: Hand) -> None:
    """A receipt is claimed once, feedback is given once, a friend is brought once."""
    assert hand.refused("claim", origin.other, "ABCD-EFGH-JKMN-PQRS") == "claim-unknown"
    assert hand.done("claim", origin.other, origin.code)["facts"]["balance"] == 10
    assert hand.refused("claim", origin.guest, origin.code) == "claim-used"
    hand.done("feedback", origin.guest, "muy rico ☕", "--order", "2")
    assert hand.refused("feedback", origin.guest, "again", "--order", "2") == "feedback-given"
    assert hand.refused("feedback", origin.other, "not mine", "--order", "2") == "feedback-no-order"
    assert hand.points(origin.guest) == 63
    friend = new_key().public
    hand.done("refer", origin.guest, friend)
    assert hand.refused("refer", origin.other, friend) == "referral-known"
    assert hand.refused("refer", origin.guest, origin.guest) == "referral-self"
    hand.assert_clean()


def test_what_runs_out(origin: Filled, hand: Hand) -> None:
    """Of everybody or of one, soonest first, and within a time only."""
    rows = json.loads(hand("expiries", "--json"))
    assert [(row["customer"], row["points"]) for row in rows] == [(origin.guest, 60), (origin.other, 2)]
    assert len({row["expires_at"] for row in rows}) == 1
    assert json.loads(hand("expiries", origin.other, "--json")) == [rows[1]]
    assert json.loads(hand("expiries", "--within", "40d", "--json")) == rows
    assert json.loads(hand("expiries", origin.guest, "--within", "10d", "--json")) == []
    assert hand("expiries", "--within", "10d") == "nothing runs out\n"
    assert f"60 points  {origin.guest}" in hand("expiries")
    assert hand("expiries", new_key().public) == "nothing runs out\n"


def test_an_id_makes_it_happen_once(origin: Filled, hand: Hand) -> None:
    """With the same --id a script may ask as often as it likes; the exit code stays 0."""
    ref = os.urandom(32).hex()
    first = hand.done("grant", origin.guest, 5, "--id", ref)
    assert first["id"] == ref
    for _ in range(2):
        again = json.loads(hand("grant", origin.guest, 5, "--id", ref, "--json"))
        assert (hand.code, again["result"], again["code"]) == (0, "duplicate", "duplicate")
        assert again["facts"]["entries"] == first["facts"]["entries"]
    assert hand.points(origin.guest) == 65
    assert LATER not in hand("grant", origin.guest, 5, "--id", ref)


def test_who_may(origin: Filled, hand: Hand) -> None:
    """An operator of the program may, another key may not, and each has its own limits for the day."""
    hand.done("grant", origin.guest, 900, "--as", origin.operator)
    assert hand.refused("grant", origin.guest, 200, "--as", origin.operator) == "hand-limit-points"
    hand.done("grant", origin.guest, 200)
    assert hand.refused("grant", origin.guest, 1, "--as", origin.guest) == "command-not-allowed"
    assert hand.refused("grant", origin.guest, 0) == "points-not-positive"
    assert hand.refused("freeze", new_key().public) == "customer-unknown"


WRONG = {
    "no points": ("grant", "{guest}"),
    "no number": ("grant", "{guest}", "five"),
    "too many": ("grant", "{guest}", "9999999999999"),
    "nobody": ("grant", "ana", "5"),
    "a long reason": ("grant", "{guest}", "5", "--reason", "x" * 501),
    "no amount": ("refund", "1", "--amount", "5"),
    "no currency": ("refund", "1", "--amount", "5 XXL"),
    "neither": ("revoke",),
    "half": ("revoke", "{guest}"),
    "both": ("revoke", "{guest}", "5", "--entry", "ab" * 32),
    "no entry": ("revoke", "--entry", "ab"),
    "no bech32": ("revoke", "--entry", "note1qqqq"),
    "no id": ("undo", "--id", "AB" * 32),
    "no operator": ("undo", "--as", "ana"),
    "no span": ("expiries", "--within", "3"),
    "no bytes": ("feedback", "{guest}", "\udc80"),
    "a customer is no operator": ("claim", "{guest}", "ABCD", "--as", "{guest}"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=list(WRONG))
def test_a_wrong_command_line_is_usage(origin: Filled, hand: Hand, words: tuple[str, ...]) -> None:
    """Exit 2 with a message on stderr, and nothing happens."""
    hand(*(word.format(guest=origin.guest) for word in words))
    assert (hand.code, hand.out) == (errors.EXIT_USAGE, "")
    assert hand.err
    assert hand.points(origin.guest) == 60


def test_with_several_programs_one_has_to_be_named(origin: Filled, hand: Hand) -> None:
    """Without --program the slugs are listed, exit 2; an unknown one is exit 78; the named one is meant."""
    folder = hand.config.parent
    add_program(hand.config, Venue(folder, ["ws://127.0.0.1:1"], slug="bar-luna"))
    hand("grant", origin.guest, 5)
    assert (hand.code, hand.out) == (errors.EXIT_USAGE, "")
    assert "name one of: cafe-sol, bar-luna" in hand.err
    hand("grant", origin.guest, 5, "--program", "bar-sol")
    assert hand.code == errors.EXIT_CONFIG
    outcome = hand.done("grant", origin.guest, 5, "--program", "cafe-sol")
    assert (outcome["program"], outcome["facts"]["balance"]) == ("cafe-sol", 65)
    assert [row["points"] for row in json.loads(hand("balance", origin.guest, "--json"))] == [65, 0]
    assert json.loads(hand("rewards", "--program", "bar-luna", "--json")) == []


def test_nothing_secret_is_printed(origin: Filled, hand: Hand) -> None:
    """A secret key that was pasted by mistake is not repeated, and no command prints the program's key."""
    nsec = new_key().nsec()
    for words in (("grant", nsec, 5), ("revoke", "--entry", nsec), ("undo", "--as", nsec), ("expiries", nsec)):
        hand(*words)
        assert hand.code == errors.EXIT_USAGE
        assert nsec not in hand.out + hand.err
        assert "SECRET" in hand.err
    issuer = origin.venue.issuer
    for words in (("grant", origin.guest, 5, "--json"), ("rewards",), ("flags", "--json"), ("undo", "--json")):
        hand(*words)
        assert issuer.nsec() not in hand.out + hand.err
