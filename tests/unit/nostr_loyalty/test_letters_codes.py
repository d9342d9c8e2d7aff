"""Codes without the name of a program, where one key speaks for several: the code tells which."""

from pathlib import Path

from kinds import order as wire
from kinds.event import sign
from kinds.order import Amount, PaidOrder
from tests.unit.nostr_loyalty.test_letters_programs import street
from tests.venue import new_key


async def test_a_code_that_nothing_has_is_no_question_of_programs(tmp_path: Path) -> None:
    """Who types a receipt's code is told that there is none such, not asked which program; a good one is found."""
    async with street(tmp_path) as place:
        served, stranger = place.served, new_key()
        for verb, code in (("claim", "claim-unknown"), ("cancel", "voucher-unknown")):
            (answer,) = await served.write(stranger, f"{verb} 0000-0000-0000-0000")
            assert answer.code == code
        await place.order("cafe-sol", "1", served.guest)
        await place.order("bar-luna", "1", served.guest)
        (receipt,) = await served.take(served.order("r", "9000", customer=None))
        (answer,) = await served.write(stranger, f"claim {receipt.claim}")
        assert (answer.code, answer.tag("a")) == ("done", served.programs.all[0].address)
        assert await place.balances(stranger) == {"cafe-sol": 9}


async def test_guessing_ends_for_all_programs_of_a_key(tmp_path: Path) -> None:
    """Bug 47: who has guessed five receipts without naming a program finds none of any, for an hour."""
    async with street(tmp_path) as place:
        served, stranger = place.served, new_key()
        order = PaidOrder(
            order_id="r", program=served.programs.all[1].address, issuer=served.venue.issuer.public,
            source=served.venue.till.public, customer=None, status="paid", amount=Amount("9000", "sat"),
            paid_at=served.clock.now(),
        )  # fmt: skip
        (receipt,) = await served.take(sign(wire.template(order, served.clock.now()), served.venue.till))
        for number in range(5):
            (answer,) = await served.write(stranger, f"claim 0000-0000-0000-000{number}")
            assert answer.code == "claim-unknown"
        (answer,) = await served.write(stranger, f"claim {receipt.claim}")
        assert answer.code == "claim-too-many-attempts"
        served.later(hours=1)
        (answer,) = await served.write(stranger, f"claim {receipt.claim}")
        assert (answer.code, answer.tag("a")) == ("done", served.programs.all[1].address)
