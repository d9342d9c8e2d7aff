"""What people read of orders and entries, in each language."""

from collections.abc import Callable
from typing import Any

import pytest

from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.rules.handling import limit
from nostr_loyalty.rules.program import HandRules
from nostr_loyalty.rules.redeeming import RedeemFacts, redeem
from nostr_loyalty.rules.refusal import CODES, Points, Refusal
from nostr_loyalty.rules.visiting import ordinal
from tests.unit.nostr_loyalty.rule_sets import moment
from tests.unit.nostr_loyalty.speaking import COFFEE, GOLD, SILVER, cafe

MIDNIGHT = moment("2027-03-04 00:00")


@pytest.mark.parametrize(
    ("say", "english", "spanish"),
    [
        (wording.earned, "Thank you for your visit to Café Sol.", "Gracias por tu visita a Café Sol."),
        (lambda it: wording.notice(it, 12, 142), "+12 points at Café Sol, balance 142",
         "+12 points en Café Sol, saldo 142"),
        (lambda it: wording.revoked(it, canceled=True), "Points taken back: an order at Café Sol was canceled.",
         "Puntos retirados: se canceló un pedido en Café Sol."),
        (lambda it: wording.revoked(it, canceled=False), "Points taken back: an order at Café Sol was refunded.",
         "Puntos retirados: se devolvió un pedido en Café Sol."),
        (lambda it: wording.monitor_line(it, 12, 142, 4, GOLD),
         "Gold tier — 4th visit this month; +12 points, balance 142",
         "Nivel Gold — 4.ª visita este mes; +12 points, saldo 142"),
        (lambda it: wording.monitor_line(it, 1, 99, 0, None, (COFFEE, 1)),
         "1 point to Free coffee; +1 point, balance 99", "1 point para Free coffee; +1 point, saldo 99"),
        (lambda it: wording.monitor_line(it, -1, 100, 0, None, (COFFEE, 0)),
         "enough for Free coffee; -1 point, balance 100", "suficiente para Free coffee; -1 point, saldo 100"),
        (lambda it: wording.monitor_line(it, 12, 12, 0), "+12 points, balance 12", "+12 points, saldo 12"),
        (lambda it: wording.pending(it, 5, "x", MIDNIGHT), "x; +5 points on 4 March 2027",
         "x; +5 points el 4 de marzo de 2027"),
        (lambda it: wording.runs_out(it, 5, MIDNIGHT),
         "5 points at Café Sol can be used up to 3 March 2027; then they run out.",
         "5 points en Café Sol se pueden usar hasta el 3 de marzo de 2027; después caducan."),
        (lambda it: wording.voucher_issued(it, COFFEE, "7H2K", MIDNIGHT),
         "Free coffee: show 7H2K at Café Sol, up to 3 March 2027.",
         "Free coffee: enseña 7H2K en Café Sol, hasta el 3 de marzo de 2027."),
        (lambda it: wording.given_back(it, "bill", "Free coffee"),
         "Points for Free coffee at Café Sol given back: the bill was smaller.",
         "Puntos de Free coffee en Café Sol devueltos: la cuenta era menor."),
        (lambda it: wording.claimable_before(it, 12),
         "the claim code that was given with the first report is worth 12 points",
         "el código que se dio la primera vez vale 12 points"),
        (lambda it: wording.tier_changed(it, "reached", SILVER, GOLD, None), "You have reached Gold at Café Sol.",
         "Has alcanzado Gold en Café Sol."),
        (lambda it: wording.tier_changed(it, "at_risk", GOLD, GOLD, MIDNIGHT),
         "Gold at Café Sol ends after 3 March 2027, unless you come again in time.",
         "Gold en Café Sol termina después del 3 de marzo de 2027, si no vuelves a tiempo."),
        (lambda it: wording.tier_changed(it, "lost", GOLD, SILVER, None),
         "Gold at Café Sol has ended; now you are Silver.", "Gold en Café Sol ha terminado; ahora eres Silver."),
        (lambda it: wording.tier_changed(it, "lost", None, None, None),
         "Your tier at Café Sol has ended; come again to reach it anew.",
         "Tu nivel en Café Sol ha terminado; vuelve para alcanzarlo de nuevo."),
        (lambda it: wording.flagged(it, "ab" * 32, "1042", 7, held=False),
         "Café Sol: order 1042 is number 7 today for abababab…: look whether that can be, then release it.",
         "Café Sol: el pedido 1042 es el número 7 de hoy para abababab…: mira si puede ser y luego libéralo."),
        (lambda it: wording.rejected(wording.rejection(it, "order-no-amount", ""), it),
         "Rejected: The order has no amount.", "Rechazado: El pedido no tiene importe."),
        (lambda it: wording.rejection(it, "program-unknown", "no program x here"),
         "The order names a program that this daemon does not serve. (no program x here)",
         "El pedido nombra un programa que este servidor no atiende. (no program x here)"),
    ],
)  # fmt: skip
def test_each_language_has_its_sentence(say: Callable[[ServedProgram], str], english: str, spanish: str) -> None:
    """A program that speaks Spanish says in Spanish what it would say in English."""
    assert say(cafe()) == english
    assert say(cafe("es")) == spanish


def test_a_reason_is_told_as_it_was_given() -> None:
    """An operator's own words are not translated; without words there is a sentence."""
    assert wording.granted(cafe("es"), "for {you}") == "for {you}"
    assert wording.granted(cafe("es"), "") == "Un regalo de Café Sol."
    assert wording.revoked_by_hand(cafe("es"), "") == "Retirado por Café Sol."


def test_the_nth_visit_is_said_as_the_rules_have_always_said_it() -> None:
    """English ordinals are those of rules.visiting, from 1 to 130."""
    for n in range(1, 131):
        assert wording.monitor_line(cafe(), 1, 1, n).startswith(f"{ordinal(n)} visit this month; ")


def test_without_a_program_it_is_english() -> None:
    """Where no program is known, as for an order that names none, the line is in English."""
    assert wording.rejected(wording.rejection(None, "program-unknown", "")).startswith("Rejected: The order names")
    assert wording.counted_before("x") == "Counted before: x"
    assert wording.kept_for_later("7").startswith("Order 7 is not known yet")


def missing(**facts: Any) -> Refusal:
    """What the rule says to 80 points for a reward of 100."""
    asked = {"spendable": 80, "tier": None, "frozen": False, "stock_taken": 0, "slots": frozenset(), "now": MIDNIGHT}
    refused = redeem(cafe().rules, "coffee", RedeemFacts(**{**asked, **facts}))
    assert isinstance(refused, Refusal)
    return refused


def test_a_rules_no_says_what_is_missing_in_every_language() -> None:
    """A refusal's detail is translated with its values, points in the program's own word."""
    assert missing().detail == "You have 80 of 100 points"
    assert wording.refusal(cafe(), missing()) == missing().sentence
    stamps = ("stamp", "stamps")
    assert wording.detail(cafe(unit=stamps), missing()) == "You have 80 of 100 stamps"
    assert wording.refusal(cafe("es", unit=("sello", "sellos")), missing()) == (
        "No hay puntos suficientes para este premio. (Tienes 80 de 100 sellos)"
    )
    tired = limit(HandRules(count=2), 2, 0, 1)
    assert tired is not None
    assert wording.detail(cafe("es"), tired) == "2 de 2 hoy"


def test_a_detail_that_is_no_words_is_told_as_it_is() -> None:
    """A value alone, even with braces in it, is put behind the translated sentence."""
    assert wording.refusal(cafe("es"), Refusal("order-unknown", "{oops}")) == (
        "El programa no tiene ese pedido. ({oops})"
    )
    assert wording.refusal(cafe("es"), Refusal("undo-nothing")) == "No hay ninguna orden tuya que se pueda deshacer."
    tricky = Refusal.saying("reward-needs-tier", "{tier} or higher", tier="{0} {x}")
    assert wording.detail(cafe("es"), tricky) == "{0} {x} o más alto"


def test_every_refusal_is_told_in_spanish() -> None:
    """No rule's no is left in English."""
    assert [code for code in CODES if wording.refusal(cafe("es"), Refusal(code)) == CODES[code]] == []


def test_points_in_a_detail_are_one_or_many() -> None:
    """The English detail has the singular for one."""
    assert f"{Points(1)}, {Points(2)}, {Points(0)}" == "1 point, 2 points, 0 points"
