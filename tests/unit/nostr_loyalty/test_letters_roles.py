"""Who may say what by message: owner, manager, staff, guest, stranger (protocol §10)."""

from pathlib import Path

import pytest

from kinds.keys import npub_encode
from tests.unit.nostr_loyalty.correspondence import letter
from tests.unit.nostr_loyalty.house import ROLES, house, npub
from tests.venue import new_key

OTHER = npub_encode(new_key().public)

OWNERS = ("owner",)
MANAGERS = ("owner", "manager")
OPERATORS = ("owner", "manager", "staff")

TABLE = {
    "grant {guest} 5": MANAGERS,
    "revoke {guest} 5": MANAGERS,
    "revoke " + "0" * 64: MANAGERS,
    "refund order-1": OWNERS,
    "redeem {guest} coffee": OPERATORS,
    "use 0000-0000-0000-0000": OPERATORS,
    "balance {guest}": OPERATORS,
    "balance order order-1": OPERATORS,
    "history {guest}": MANAGERS,
    "history {guest} 3": MANAGERS,
    "freeze {guest}": OWNERS,
    "unfreeze {guest}": OWNERS,
    "relink {guest} " + OTHER: OWNERS,
    "release order-1": OWNERS,
    "drop order-1": OWNERS,
    "undo": OPERATORS,
    "report": MANAGERS,
    "report month": MANAGERS,
    "pause": OWNERS,
    "resume": OWNERS,
    "confirm 0000-0000-0000-0000": OWNERS,
}


@pytest.mark.parametrize(("text", "allowed"), list(TABLE.items()), ids=[text.split()[0] for text in TABLE])
async def test_who_may(tmp_path: Path, text: str, allowed: tuple[str, ...]) -> None:
    """Bug 62: exactly these roles get through; of the others nothing moves, and each is told so."""
    async with house(tmp_path) as place:
        before = await place.entries()
        for role in reversed(ROLES):
            if role == "guest" and text.startswith(("balance {guest}", "history", "redeem")):
                continue  # a guest that names itself asks for itself
            no = "role-not-allowed" if role in OPERATORS else "command-not-allowed"
            refused = await place.code(role, text) == no
            if "order order-1" in text and role not in allowed:
                continue  # of whose order it was nothing is said at all
            assert refused == (role not in allowed), role
            if refused:
                assert await place.entries() == before
        await place.served.assert_clean()


ROLE_NO = "Your role does not allow this command."
STAFF = "redeem, use, cancel, balance, rewards, undo, help"


@pytest.mark.parametrize(
    ("role", "text", "says"),
    [
        ("staff", "grant {guest} 5", f"staff may use: {STAFF}; for “grant” ask a manager or an owner"),
        ("staff", "revoke " + "0" * 64, f"staff may use: {STAFF}; for “revoke” ask a manager or an owner"),
        ("staff", "history {guest}", f"staff may use: {STAFF}; for “history” ask a manager or an owner"),
        ("staff", "pause", f"staff may use: {STAFF}; for “pause” ask an owner"),
        ("manager", "freeze {guest}",
         f"a manager may use: grant, revoke, report, history, {STAFF}; for “freeze” ask an owner"),
        ("manager", "confirm 0000-0000-0000-0000",
         f"a manager may use: grant, revoke, report, history, {STAFF}; for “confirm” ask an owner"),
    ],
)  # fmt: skip
async def test_people_of_the_venue_are_told_what_their_role_is(tmp_path: Path, role: str, text: str, says: str) -> None:
    """What it may use, and who may use what was asked for; not that commands are for the venue's people."""
    async with house(tmp_path) as place:
        answer = await place.says(role, text)
        assert (answer.code, answer.text) == ("role-not-allowed", f"{ROLE_NO} ({says})")


async def test_a_role_is_told_in_the_programs_language(tmp_path: Path) -> None:
    """The commands too, as they are written there."""
    async with house(tmp_path, language="es") as place:
        answer = await place.says("staff", "dar {guest} 5")
    assert answer.text == (
        "Tu función no permite esta orden. (el personal puede usar: canjear, usar, cancelar, saldo, premios,"
        " deshacer, ayuda; para «dar», pide a un encargado o a un dueño)"
    )


@pytest.mark.parametrize("who", ["guest", "stranger"])
async def test_an_order_does_not_give_its_guest_away(tmp_path: Path, who: str) -> None:
    """A guest who names an order learns neither its guest's key nor balance, nor whether there is such an order."""
    async with house(tmp_path) as place:
        mine = new_key()
        await place.served.take(place.served.order("order-mine", customer=mine.public))
        asker = mine if who == "guest" else place.stranger
        await place.says(asker, "hello")
        for text in ("balance order {}", "history order {}", "refer order {}", "prove member to order {}"):
            known, unknown = [await place.says(asker, text.format(order)) for order in ("order-1", "order-x")]
            assert known.text == unknown.text.replace("order-x", "order-1")
            assert place.guest.public not in str(known)
            assert npub(place.guest)[:10] not in known.text
            assert known.tag("balance") is None


async def test_everybody_asks_for_themselves(tmp_path: Path) -> None:
    """A guest is answered about itself whether or not it names itself; nobody about another guest."""
    async with house(tmp_path) as place:
        other = new_key()
        await place.served.take(place.served.order("order-3", customer=other.public))
        for text in ("balance", "balance {guest}", "history", "history {guest}"):
            assert (await place.says("guest", text)).tag("balance") == "60"
        for text in ("balance {guest}", "history {guest}"):
            answer = await place.says(other, text)
            assert (answer.code, answer.tag("balance")) == ("command-not-allowed", None)
            assert "60" not in answer.text


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
async def test_operators_are_customers_too(tmp_path: Path, role: str) -> None:
    """What customers do for themselves every operator does for its own card."""
    async with house(tmp_path) as place:
        key = getattr(place, role)
        await place.served.take(place.served.order("own", "30000", customer=key.public))
        await place.served.promises()
        assert (await place.says(role, "balance")).tag("balance") == "30"
        code = (await place.says(role, "redeem coffee")).tag("voucher")
        assert (await place.says(role, "feedback it was good")).code == "done"
        assert await place.served.moved(key.public) == [30, -10, 3]
        assert (await place.says(role, f"cancel {code}")).code == "done"
        for text in ("share public", "notify off", "badge on", "language es"):
            assert await place.code(role, text) == "answered"
        await place.served.assert_clean()


async def test_a_guest_cancels_its_own_code_only(tmp_path: Path) -> None:
    """Bug 45: another guest's code is not cancelled; it stays good."""
    async with house(tmp_path) as place:
        thief = new_key()
        await place.served.take(place.served.order("order-3", customer=thief.public))
        code = (await place.says("guest", "redeem coffee")).tag("voucher")
        assert await place.code(thief, f"cancel {code}") == "voucher-of-another"
        assert await place.code("staff", f"use {code}") == "done"


@pytest.mark.parametrize("role", ROLES)
async def test_help_is_what_one_may_say(tmp_path: Path, role: str) -> None:
    """Whatever help tells is not refused for want of a role, and what is refused help does not tell."""
    async with house(tmp_path) as place:
        told = {line.split()[0] for line in (await place.says(role, "help")).text.splitlines() if " — " in line}
        for text, allowed in TABLE.items():
            assert (text.split()[0] in told) >= (role in allowed), text
            alone = text.split()[0] not in ("balance", "history", "redeem")  # these have a form for everybody
            assert not (alone and text.split()[0] in told and role not in allowed), text
        everybody = {"claim", "feedback", "refer", "share", "notify"}
        assert (everybody <= told) == (role in ("guest", "stranger"))


async def test_letters_of_one_batch_go_by_their_authors(tmp_path: Path) -> None:
    """Of the same words by an owner and by a guest, in one batch, the owner's count."""
    async with house(tmp_path) as place:
        served, to = place.served, place.served.venue.issuer.public
        grants = [
            letter(key, f"grant {npub(place.guest)} {points}", to=to, at=served.clock.now())
            for key, points in ((place.guest, 1_000), (place.owner, 7), (place.stranger, 500))
        ]
        await served.deliver(*grants)
        assert await served.moved() == [40, 20, 7]
