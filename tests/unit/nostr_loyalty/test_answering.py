"""What is answered to letters: questions, choices, commands, and words that were not understood."""

from dataclasses import replace
from typing import Any

import pytest

from kinds import entry as wire
from kinds.event import author, canonical_of
from kinds.keys import npub_encode
from ledger.book import Standing
from ledger.entry import Entry
from ledger.vouchers import Voucher
from nostr_loyalty import catalogue
from nostr_loyalty.commands import outcome as outcomes
from nostr_loyalty.commands.command import Command, Grant, Redeem, Request, Role
from nostr_loyalty.commands.grammar import Asked, Misread, read
from nostr_loyalty.commands.questions import GuestOf, Named, Prove
from nostr_loyalty.commands.usage import USAGES, Reader, verbs_for
from nostr_loyalty.publishing import answering, helping
from nostr_loyalty.publishing.answering import RewardLine, Sums
from nostr_loyalty.rules.program import ReferralRule, TierBasis, VisitRule
from nostr_loyalty.rules.refusal import Points, Refusal
from tests.unit.nostr_loyalty.rule_sets import moment, times
from tests.unit.nostr_loyalty.speaking import COFFEE, ISSUER, cafe
from tests.venue import new_key

GUEST = new_key().public
MIDNIGHT = moment("2027-03-04 00:00")
LANGUAGES = list(catalogue.languages())
MISSING = Refusal.saying("points-missing", "You have {have} of {cost}", have=80, cost=Points(100))


def standing(**more: Any) -> Standing:
    """A guest with 142 points."""
    plain: dict[str, Any] = {"id": 1, "program_id": 1, "customer": GUEST, "balance": 142, "deficit": 0, "seq": 3,
                             "head": "ab" * 32, "lifetime": 142, "visits": 3, "month": 202703, "visits_month": 1,
                             "first_at": 1, "last_at": 1, "card_at": 1, "card_name": "x"}  # fmt: skip
    return Standing(**{**plain, **more})


def booked(seq: int, points: int, content: str) -> Entry:
    """A stored entry."""
    document = canonical_of(author(wire.template(wire.Entry(
        program=f"37411:{ISSUER}:sol", relay="wss://relay.example.com", customer=GUEST, type="earned", points=points,
        balance=points, seq=seq, prev=None if seq == 1 else "cd" * 32, rev="ab" * 32, key="ef" * 32,
        text=content,
    ), MIDNIGHT), ISSUER))  # fmt: skip
    return Entry(id=seq, program_id=1, standing_id=1, customer=GUEST, seq=seq, type="earned", points=points,
                 balance=points, ref=f"{seq:064x}", prev=None, document=document, key="ef" * 32, revision_id=1,
                 order_id=None, reverses=None, occurred_at=MIDNIGHT, recorded_at=MIDNIGHT, expires_at=None)  # fmt: skip


def request(command: Command, role: Role = "customer") -> Request:
    """Who asks for it."""
    return Request("ab" * 32, 1, GUEST, role, "nostr", cafe(), command)


def test_a_balance_tells_points_tier_and_what_comes() -> None:
    """Points, the tier and the way to the next one, what waits, what runs out, and codes to be used."""
    voucher = Voucher(id=1, program_id=1, standing_id=1, hash="ab" * 32, reward="coffee", title="Free coffee",
                      type="item", value="a coffee", cost=100, charged=100, entry_id=1, status="issued", issued_at=1,
                      hold_until=MIDNIGHT, ended_at=None, period=0, slot=None, order_source=None,
                      order_reference=None)  # fmt: skip
    mine = standing(tier="silver", next_expiry_at=MIDNIGHT, next_expiry_points=12)
    text = answering.balance(cafe(), mine, pending=5, steps=(3, 5, "gold"), vouchers=[voucher])
    assert text.splitlines() == [
        "Balance at Café Sol: 142 points.", "Silver tier", "2 points more to Gold", "5 points more come later.",
        "12 points of them can be used up to 3 March 2027.", "Ready to be used: Free coffee, up to 3 March 2027.",
    ]  # fmt: skip
    assert answering.balance(cafe("es"), standing(frozen=1), pending=0, steps=None, vouchers=[]).splitlines() == [
        "Saldo en Café Sol: 142 points.", "Esta tarjeta está bloqueada; pregunta en el local.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("basis", "steps", "line"),
    [
        (TierBasis("visits"), (4, 5, "gold"), "1 visit more to Gold"),
        (TierBasis("visits"), (1, 5, "gold"), "4 visits more to Gold"),
        (TierBasis("spend", currency="EUR"), (1_000, 50_000, "gold"), "490.00 EUR more to Gold"),
        (TierBasis("points"), (0, 5, "gone"), "5 points more to gone"),
    ],
)
def test_the_way_to_the_next_tier_is_in_what_tiers_count(
    basis: TierBasis, steps: tuple[int, int, str], line: str
) -> None:
    """Points, visits or money, as the program counts."""
    text = answering.balance(cafe(tier_basis=basis), standing(), pending=0, steps=steps, vouchers=[])
    assert text.splitlines()[1] == line


def test_a_history_begins_with_the_newest_and_ends_in_time() -> None:
    """Entries with date, points, balance and their sentence; what a message does not hold is counted."""
    text = answering.history(cafe("es"), [booked(1, 12, "Gracias."), booked(2, 5, "Dos.")])
    assert text.splitlines()[1:] == [
        "4 de marzo de 2027: +5 points, saldo 5. Dos.", "4 de marzo de 2027: +12 points, saldo 12. Gracias.",
    ]  # fmt: skip
    assert answering.history(cafe(), []) == "Nothing has happened yet at Café Sol."
    long = answering.history(cafe(), [booked(seq, 1, "é" * 60) for seq in range(1, 101)])
    assert len(long.encode()) <= helping.TEXT_BYTES_MAX + 100
    shown = long.count("balance")
    assert 0 < shown < 100
    assert long.endswith(f"… and {100 - shown} more")


def test_rewards_say_what_is_missing() -> None:
    """A reward that can be had tells how; another one what is missing."""
    rows = [RewardLine(COFFEE, MISSING), RewardLine(COFFEE, None), RewardLine(COFFEE, Refusal("reward-sold-out"))]
    assert answering.rewards(cafe(), rows, 80).splitlines() == [
        "Rewards at Café Sol; you can spend 80 points:",
        "• Free coffee, 100 points: You have 80 of 100 points",
        "• Free coffee, 100 points: yours with “redeem coffee”",
        "• Free coffee, 100 points: This reward is sold out.",
    ]
    assert "Tienes 80 de 100 points" in answering.rewards(cafe("es"), rows, 80)
    assert answering.rewards(cafe(), [], 80) == "Café Sol has no rewards at the moment."


def test_a_report_tells_points_guests_and_orders() -> None:
    """Each number with its sign and its name."""
    text = answering.report(cafe(), "week", Sums(120, 5, -100, 0, -3, 9, 1, 2))
    assert text.splitlines() == [
        "Café Sol, this week:", "points moved: 1 guest, 2 orders", "earned: +120 points", "granted: +5 points",
        "redeemed: -100 points", "taken back: -3 points", "expired: 0 points",
    ]  # fmt: skip
    assert answering.report(cafe("es"), "today", Sums(0, 0, 0, 0, 0, 0, 2, 1)).splitlines()[:2] == [
        "Café Sol, hoy:", "con puntos movidos: 2 clientes, 1 pedido",
    ]  # fmt: skip


def test_going_private_is_told_to_be_final_before_it_is_done() -> None:
    """Where everybody sees all, the welcome says it, and help does; a private program has nothing to warn of."""
    public, private = (replace(cafe("en"), visibility=seen) for seen in ("public", "private"))
    final = "“share private” changes that; what was public until then cannot be shown again."
    assert final in answering.welcome(public)
    assert "share private" not in answering.welcome(private)
    assert "cannot be shown again" in helping.help_text(private, None, "share")


def test_the_welcome_tells_the_programs_rules() -> None:
    """How points are earned, when they count more, what they buy and how long they live."""
    program = cafe(
        "es", visit=VisitRule(2), welcome=20, feedback=3, referral=ReferralRule(50, 25), ttl_days=365,
        multipliers=(times("1.5", "tue,wed 15:00-18:00"),),
    )  # fmt: skip
    assert answering.welcome(program).splitlines() == [
        "¡Te damos la bienvenida al programa de fidelidad de Café Sol! Tu clave es tu tarjeta.",
        "• 1 point por cada 1.00 EUR", "• 2 points por cada visita", "• 20 points más con tu primer pedido",
        "• 3 points por opinar sobre un pedido", "• 50 points por traer a un amigo, que recibe 25 points",
        "• Happy hour: los puntos cuentan 1.5 veces, mar,mié 15:00-18:00", "Niveles: Silver, Gold", "Premios:",
        "• 100 points: Free coffee", "Los puntos se pueden usar durante 365 días.",
        "«ayuda» dice qué puedes escribir.",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["owner", "manager", "staff", "customer"])
def test_help_has_a_line_for_each_command_that_one_may_use(role: Reader, language: str) -> None:
    """All of them, and within a message's length; with a topic all about it."""
    text = helping.help_text(cafe(language), role, None)
    assert text.count("\n") == len(verbs_for(role))
    assert len(text.encode()) <= helping.TEXT_BYTES_MAX
    for verb in verbs_for(role):
        line, about, example = helping.help_text(cafe(language), role, verb).splitlines()
        assert line in text
        assert catalogue.text(language, USAGES[verb].more) in about
        assert catalogue.text(language, USAGES[verb].example) in example


def test_a_guest_is_a_customer_and_redeems_for_itself() -> None:
    """Without a role the help is a customer's; an operator's `redeem` names the guest."""
    assert helping.help_text(cafe(), None, None) == helping.help_text(cafe(), "customer", None)
    assert helping.help_text(cafe(), None, "redeem").startswith("redeem <reward>\n")
    assert helping.help_text(cafe("es"), "staff", "redeem").startswith("canjear <quién> <premio>\n")


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [
        ("blance", "en",
         "This is no command. Did you mean “balance”? Nothing was done. “help” tells what can be written."),
        ("freeze now", "en", helping.misread(cafe(), Misread(fault="who-unclear", what="now"), None)
         + "\nIt is written like this: freeze <who>"),
        ("canjear", "es", "Falta algo.\nSe escribe así: canjear <premio>"),
        ("x" * 5_000, "es", "Esto es demasiado largo."),
    ],
)  # fmt: skip
def test_what_is_misread_is_answered_with_what_helps(text: str, language: str, answer: str) -> None:
    """The nearest command, or what was wrong and how it is written."""
    found = read(text, slugs=[], language=language)
    assert not isinstance(found, Asked)
    assert helping.misread(cafe(language), found, None) == answer


def test_unknown_words_get_a_short_help() -> None:
    """Not silence: the words that are understood, in the reader's language, for the reader's role."""
    found = read("buenos días", slugs=[], language="es")
    assert not isinstance(found, Asked)
    text = helping.misread(cafe("es"), found, None)
    assert "saldo, historial, premios" in text
    assert "dar" not in text.split(": ")[1].split(".")[0].split(", ")
    assert "dar" in helping.misread(cafe("es"), found, "owner").split(": ")[1].split(".")[0].split(", ")


def test_what_helps_has_braces_as_they_were_written() -> None:
    """Words of people are put in as values and never as a template."""
    found = read("grant {0} {x.__class__}", slugs=[], language="en")
    assert not isinstance(found, Asked)
    assert helping.misread(cafe(), found, "owner").startswith("This names nobody: {0}.")


def test_people_who_are_not_found_are_named() -> None:
    """A name without a key, an order without a guest."""
    assert answering.nobody(cafe(), [Named("bob@example.com"), GuestOf("1042")]).splitlines() == [
        "No key was found under the name bob@example.com; give an npub.",
        "Order 1042 is not known, or it names no guest.",
    ]
    assert answering.which_program("es", ["sol", "luna"]) == "¿Qué programa? Escribe su nombre al principio: sol, luna."


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_that_are_proposed_are_understood(language: str) -> None:
    """What an answer puts into quotes, to be written, is read as that command in its language."""
    program = cafe(language)
    owners = answering.please_confirm(program, request(Grant(GUEST, 500, "a party"), "operator"), "7H2K-9QWE-4M1N-0PZX")
    proposed = {
        "forget me": answering.forgetting(program, standing()),
        "confirm": owners,
        "resume": answering.paused(program),
        "redeem": answering.rewards(program, [RewardLine(COFFEE, None)], 100),
        "help": answering.welcome(program),
    }
    for verb, text in proposed.items():
        quoted = text.replace("«", "“").replace("»", "”").split("“")[1].split("”")[0]
        found = read(quoted, slugs=[], language=language)
        assert isinstance(found, Asked)
        assert found.verb == verb
        if verb == "forget me":
            assert found.fields == {"confirmed": True}


def test_owners_are_told_what_is_asked_in_full() -> None:
    """Who asks, the whole command with the whole key, and the code."""
    text = answering.please_confirm(cafe(), request(Grant(GUEST, 500, "a party"), "operator"), "7H2K")
    assert f"grant {npub_encode(GUEST)} 500 a party" in text
    assert "“confirm 7H2K”" in text


def test_an_outcome_is_told_in_the_readers_language() -> None:
    """A refusal with its detail, a repetition, somebody who is unknown; what was done as the desk has said it."""
    asked = request(Redeem("coffee"))
    assert answering.outcome(cafe("es"), asked, outcomes.refused(MISSING)) == (
        "No hay puntos suficientes para este premio. (Tienes 80 de 100 points)"
    )
    assert answering.outcome(cafe("es"), asked, outcomes.duplicate("Done before.")) == "Ya estaba hecho."
    assert answering.outcome(cafe("es"), asked, outcomes.done("Hecho.")) == "Hecho."
    unknown, granting = outcomes.refused(Refusal("customer-unknown", "x")), request(Grant(GUEST, 1), "operator")
    assert "it comes with the first order" in answering.outcome(cafe(), asked, unknown)
    assert answering.outcome(cafe(), granting, unknown).startswith("The program has no card of this customer.")


@pytest.mark.parametrize(
    ("asked", "value", "claim"),
    [
        (Prove("tier", "gold", None, GUEST), "gold", "you hold the tier Gold or a higher one."),
        (Prove("points_at_least", "100", None, GUEST), "100", "you have 100 points or more."),
        (Prove("points_at_least", "1", "1w", GUEST), "1", "you earned 1 point or more in 1 week."),
        (Prove("points_at_least", "100", "2w", GUEST), "100", "you earned 100 points or more in 2 weeks."),
        (Prove("visits_at_least", "1", None, GUEST), "1", "you came 1 time or more."),
        (Prove("visits_at_least", "5", None, GUEST), "5", "you came 5 times or more."),
        (Prove("visits_at_least", "1", "1d", GUEST), "1", "you came 1 time or more in 1 day."),
        (Prove("visits_at_least", "5", "90d", GUEST), "5", "you came 5 times or more in 90 days."),
        (Prove("member_since", "", None, GUEST), "1800000000", "you have had your card since 15 January 2027."),
    ],
)
def test_a_statement_says_what_it_states(asked: Prove, value: str, claim: str) -> None:
    """With an attestation, and where it would not be true."""
    assert claim in answering.proven(cafe(), asked, value)
    assert asked.value == "" or answering.not_so(cafe(), asked).endswith(claim)


def test_choices_are_confirmed_in_words() -> None:
    """Each choice has its own sentence, in both languages; a language says its own name."""
    said = [
        [answering.sharing_chosen(program, "public", withdrawn=up_to) for up_to in (0, 7)]
        + [answering.sharing_chosen(program, "private", withdrawn=7)]
        + [answering.notices_chosen(program, each) for each in ("all", "important", "off")]
        + [answering.badge_chosen(program, wanted=each) for each in (True, False)]
        + [answering.language_chosen(program), answering.forgotten(program), answering.too_late(program),
           answering.resumed(program), answering.waits_for_owner(program),
           answering.nothing_to_confirm(program), answering.confirmed_before(program),
           answering.no_proof_yet(program), answering.no_such_language(program, "xx"),
           answering.not_provable(program, "x")]
        for program in (cafe(), cafe("es"))
    ]  # fmt: skip
    assert all(english != spanish for english, spanish in zip(*said, strict=True))
    assert [len(set(sentences)) for sentences in said] == [18, 18]
    assert answering.language_chosen(cafe("es")) == "A partir de ahora te escribo en español."
    assert "es (español)" in answering.no_such_language(cafe(), "xx")
