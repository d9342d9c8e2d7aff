"""A message's text as a command or a question: what is understood, what is not, and what is never guessed."""

from typing import Any

import pytest

from kinds.keys import EventPointer, Profile, bech32_encode, nevent_encode, nprofile_encode, npub_encode
from ledger.units import Money
from nostr_loyalty import catalogue
from nostr_loyalty.commands import command, questions
from nostr_loyalty.commands.grammar import TEXT_MAX, Asked, Misread, Unresolved, read, settle
from nostr_loyalty.commands.questions import GuestOf, Key, Named, Who
from nostr_loyalty.commands.usage import USAGES, verbs_for
from nostr_loyalty.commands.vocabulary import VERB, VERBS
from tests.venue import new_key

GUEST = new_key().public
FRIEND = new_key().public
ENTRY = "ab" * 32
NPUB = npub_encode(GUEST)
CODE = "7H2K-9QWE-4M1N-0PZX"


def asked(text: str, *slugs: str, language: str = "en") -> Asked:
    """What a text asks, which it does."""
    found = read(text, slugs=slugs, language=language)
    assert isinstance(found, Asked), found
    return found


def misread(text: str, *slugs: str, language: str = "en") -> Misread:
    """What is wrong with a text, which is no command."""
    found = read(text, slugs=slugs, language=language)
    assert isinstance(found, Misread), found
    return found


def settled(text: str, **names: str) -> Any:
    """The value of a text; people by the name or the order that names them."""
    keys: dict[Who, str | None] = {Named(name.replace("_at_", "@")): key for name, key in names.items()}
    keys[GuestOf("1042")] = FRIEND
    return settle(asked(text), keys)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"grant {NPUB} 50", command.Grant(GUEST, 50)),
        (f"grant {NPUB} +50 for the long wait", command.Grant(GUEST, 50, "for the long wait")),
        (f"grant {NPUB} 50 points for the long wait", command.Grant(GUEST, 50, "for the long wait")),
        ("grant order 1042 5", command.Grant(FRIEND, 5)),
        (f"revoke {GUEST} 20 booked twice", command.Revoke(GUEST, 20, "booked twice")),
        (f"revoke {ENTRY} booked twice", command.RevokeEntry(ENTRY, "booked twice")),
        (f"revoke {bech32_encode('note', bytes.fromhex(ENTRY))}", command.RevokeEntry(ENTRY)),
        (f"revoke nostr:{nevent_encode(EventPointer(ENTRY))} x", command.RevokeEntry(ENTRY, "x")),
        ("refund 1042", command.Refund("1042")),
        ("refund 1042 3.50 EUR", command.Refund("1042", Money(350, "EUR"))),
        ("refund order 1042 500 sats", command.Refund("1042", Money(500_000, "msat"))),
        ('refund "table 4" 3EUR', command.Refund("table 4", Money(300, "EUR"))),
        ("redeem free coffee", command.Redeem("free coffee")),
        (f"redeem {NPUB} free coffee", command.Redeem("free coffee", GUEST)),
        ("redeem order 1042 espresso", command.Redeem("espresso", FRIEND)),
        ("redeem order 1042", command.Redeem("order 1042")),
        (f"use {CODE}", command.Use(CODE)),
        (f"use {CODE} 4.50 eur", command.Use(CODE, Money(450, "EUR"))),
        (f"use {CODE} order 1042", command.Use(CODE, None, "1042")),
        (f"use {CODE} 4.50 EUR order 1042", command.Use(CODE, Money(450, "EUR"), "1042")),
        ("use 7H2K 9QWE 4M1N 0PZX", command.Use("7H2K 9QWE 4M1N 0PZX")),
        (f"cancel {CODE}", command.Cancel(CODE)),
        (f"freeze {NPUB}", command.Freeze(GUEST)),
        (f"unfreeze {NPUB}", command.Unfreeze(GUEST)),
        (f"relink order 1042 {NPUB}", command.Relink(FRIEND, GUEST)),
        ("undo", command.Undo()),
        ("release 1042", command.Release("1042")),
        ("drop order 1042", command.Drop("1042")),
        (f"claim {CODE}", command.Claim(CODE)),
        (f"claim nostr:naddr1qqqq?claim={CODE}", command.Claim(CODE)),
        (f"nostr:naddr1qqqq?claim={CODE}", command.Claim(CODE)),
        (f"claim https://sol.example.com/points#naddr1qqqq/{CODE}", command.Claim(CODE)),
        ("feedback The cake\nwas great!", command.Feedback("The cake\nwas great!")),
        (f"refer {NPUB}", command.Refer(GUEST)),
        ("balance", questions.Balance()),
        (f"balance {NPUB}", questions.Balance(GUEST)),
        ("history", questions.History()),
        ("history 5", questions.History(None, 5)),
        (f"history {NPUB} 5", questions.History(GUEST, 5)),
        ("history order 1042", questions.History(FRIEND)),
        ("history 100000", questions.History(None, questions.HISTORY_MAX)),
        ("rewards", questions.Rewards()),
        ("report", questions.Report()),
        ("report week", questions.Report("week")),
        ("help", questions.Help()),
        ("help me please", questions.Help()),
        ("help forget me", questions.Help("forget me")),
        ("proof", questions.Proof()),
        (f"prove tier Gold Member to {NPUB}", questions.Prove("tier", "Gold Member", None, GUEST)),
        (f"prove points 100 to {NPUB}", questions.Prove("points_at_least", "100", None, GUEST)),
        (f"prove visits 5 90d to {NPUB}", questions.Prove("visits_at_least", "5", "90d", GUEST)),
        (f"prove points_at_least 100 90d to {NPUB}", questions.Prove("points_at_least", "100", "90d", GUEST)),
        (f"prove visits_at_least 1 90d to {NPUB}", questions.Prove("visits_at_least", "1", "90d", GUEST)),
        (f"prove member_since to {NPUB}", questions.Prove("member_since", "", None, GUEST)),
        (f"prove member to {NPUB}", questions.Prove("member_since", "", None, GUEST)),
        ("share private", questions.Share("private")),
        ("notify off", questions.Notify("off")),
        ("badge on", questions.BadgeChoice(wanted=True)),
        ("badge off", questions.BadgeChoice(wanted=False)),
        ("language es", questions.Language("es")),
        ("language English", questions.Language("en")),
        ("forget me", questions.ForgetMe()),
        ("forget me yes", questions.ForgetMe(confirmed=True)),
        ("pause", questions.Pause()),
        ("resume", questions.Resume()),
        (f"confirm {CODE}", questions.Confirm(CODE)),
    ],
)
def test_a_command_is_read(text: str, value: Any) -> None:
    """Each command of protocol §10 gives its value."""
    assert settled(text) == value


@pytest.mark.parametrize(
    "text",
    ["  BALANCE ", "Balance!", "balance?", "/balance", "balance\n", "Saldo?", "¿Saldo?", "mi saldo", "\x00balance\x00"],
)
def test_small_differences_do_not_matter(text: str) -> None:
    """Case, blanks, punctuation around words and the language of the verb do not matter."""
    assert settled(text) == questions.Balance()


def test_what_stands_in_quotes_is_no_verb() -> None:
    """A text that only cites a command is none."""
    assert misread("“balance”") == Misread()


@pytest.mark.parametrize(
    "who",
    [NPUB, NPUB.upper(), f"nostr:{NPUB}", f"NOSTR:{NPUB}", f"@{NPUB}", f"{NPUB},", f"({NPUB})", GUEST, GUEST.upper(),
     nprofile_encode(Profile(GUEST, ("wss://relay.example.com",))), f"“{NPUB}”"],
)  # fmt: skip
def test_a_key_may_be_written_in_many_ways(who: str) -> None:
    """npub, nprofile and hex, as people paste them, name the same key."""
    assert asked(f"freeze {who}").whos == {"who": Key(GUEST)}


def test_names_wait_for_their_keys() -> None:
    """A NIP-05 name and the guest of an order are values until somebody knows their keys; a key needs nobody."""
    named = asked(f"relink Bob@Example.com {NPUB}")
    assert named.unknown == (Named("bob@example.com"),)
    assert settle(named, {}) == Unresolved((Named("bob@example.com"),))
    assert settle(named, {Named("bob@example.com"): None}) == Unresolved((Named("bob@example.com"),))
    assert settle(named, {Named("bob@example.com"): FRIEND}) == command.Relink(FRIEND, GUEST)
    twice = asked("relink order A-7 order A-7")
    assert twice.unknown == (GuestOf("A-7"),)


@pytest.mark.parametrize(
    ("text", "fault", "what"),
    [
        (f"grant {NPUB} 1,000", "points-unclear", "1,000"),
        (f"grant {NPUB} 1.000", "points-unclear", "1.000"),
        (f"grant {NPUB} -5", "points-unclear", "-5"),
        (f"grant {NPUB} five", "points-unclear", "five"),
        (f"grant {NPUB} ٥", "points-unclear", "٥"),
        (f"grant {NPUB} 9999999999999", "points-unclear", "9999999999999"),
        (f"grant {NPUB}", "word-missing", ""),
        ("grant bob 5", "who-unclear", "bob"),
        (f"grant {NPUB[:-1]}{'p' if NPUB.endswith('q') else 'q'} 5", "who-unclear", f"{NPUB[:39]}…"),
        ("grant bob@localhost 5", "name-unclear", "bob@localhost"),
        ("history 0", "word-unclear", "0"),
        ("refund o1 0 EUR", "amount-unclear", "0 EUR"),
        (f"prove karma 5 to {NPUB}", "claim-unclear", "karma"),
        (f"grant {'0' * 64} 5", "who-unclear", f"{'0' * 39}…"),
        (f"grant {NPUB} 5 {'x' * 501}", "too-long", f"{'x' * 39}…"),
        ("refund 1042 3,50 EUR", "amount-unclear", "3,50 EUR"),
        ("refund 1042 3.50", "amount-unclear", "3.50"),
        ("refund 1042 3.505 EUR", "amount-unclear", "3.505 EUR"),
        ("refund 1042 5 $", "amount-unclear", "5 $"),
        (f"use {CODE} 5,50 EUR", "code-unclear", f"{CODE} 5,50 EUR"),
        (f"use {CODE} and more", "code-unclear", f"{CODE} and more"),
        (f"revoke {NPUB}", "word-missing", ""),
        ("revoke note1qqqq", "entry-unclear", "note1qqqq"),
        (f"redeem {NPUB}", "word-missing", ""),
        ("redeem", "word-missing", ""),
        ("freeze order", "word-missing", ""),
        (f"balance {NPUB} now", "word-extra", "now"),
        ("rewards please", "word-extra", "please"),
        ("report yesterday", "word-unclear", "yesterday"),
        ("language klingon", "language-unknown", "klingon"),
        (f"prove tier gold {NPUB}", "word-missing", ""),
        (f"prove visits 5 soon to {NPUB}", "word-unclear", "soon"),
        (f"prove tier to {NPUB}", "word-missing", ""),
        ("forget me now", "word-unclear", "now"),
    ],
)
def test_what_is_unclear_is_not_guessed(text: str, fault: str, what: str) -> None:
    """A right verb with wrong words gives its usage and the word, and no command."""
    found = misread(text)
    assert (found.fault, found.what) == (fault, what)
    assert found.verb is not None
    assert found.usage == USAGES[found.verb].line


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("blance", "balance"), ("sald", "saldo"), ("forget", "forget me"), ("reedem coffee", "redeem"),
     ("olvídate", "olvídame"), ("thank you very much", None), ("", None), ("?!", None), ("x" * 500, None)],
)  # fmt: skip
def test_a_slip_of_the_pen_gets_the_nearest_verb(text: str, nearest: str | None) -> None:
    """A verb that is almost right is named and not carried out; where nothing is near, nothing is named."""
    assert misread(text) == Misread(nearest=nearest)


def test_a_programs_name_may_come_first() -> None:
    """The first word is a program where one is called so; a program called as a verb only before another verb."""
    assert asked("sol: balance", "sol", "luna").slug == "sol"
    assert asked("LUNA balance", "sol", "luna").slug == "luna"
    assert asked("balance", "sol").slug is None
    assert misread("mars balance", "sol").slug is None
    assert misread("sol", "sol") == Misread(slug="sol")
    assert misread("sol grant", "sol").slug == "sol"
    assert asked("rewards", "rewards") == Asked(None, "rewards")
    assert asked("rewards balance", "rewards") == Asked("rewards", "balance")


@pytest.mark.parametrize("prefix", ["", "grant ", f"grant {NPUB} 5 this is ", "feedback my key is "])
def test_a_secret_key_is_refused_and_not_repeated(prefix: str) -> None:
    """Wherever an nsec stands, nothing is done, and the answer does not say it again."""
    secret = new_key().nsec()
    assert misread(prefix + secret) == Misread(fault="secret-key")
    assert misread(prefix + secret.upper()) == Misread(fault="secret-key")


def test_a_long_text_is_not_read() -> None:
    """More than so many characters are refused whole, not cut."""
    assert misread(f"feedback {'x' * TEXT_MAX}") == Misread(fault="too-long")
    assert misread(f"feedback {'x' * 2_001}").fault == "too-long"
    assert settled(f"feedback {'x' * 2_000}") == command.Feedback("x" * 2_000)


def test_texts_hold_no_control_characters() -> None:
    """What goes into entries has no NUL and no escape codes; line breaks stay."""
    assert settled("feedback a\0b\x1b[31m\nc") == command.Feedback("a b [31m\nc")


def test_quotes_around_a_reason_go_and_those_in_it_stay() -> None:
    """Typographic quotes are quotes; what is in them is as it was written."""
    assert settled(f"grant {NPUB} 5 “so “very” nice”").reason == "so “very” nice"
    assert settled(f"grant {NPUB} 5 it’s «nice», really").reason == "it’s «nice», really"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"dar {NPUB} 50 puntos por la espera", command.Grant(GUEST, 50, "por la espera")),
        ("canjear pedido 1042 café", command.Redeem("café", FRIEND)),
        ("saldo pedido 1042", questions.Balance(FRIEND)),
        ("informe semana", questions.Report("week")),
        ("compartir público", questions.Share("public")),
        ("compartir publico", questions.Share("public")),
        ("avisos no", questions.Notify("off")),
        ("avisos todos", questions.Notify("all")),
        ("insignia sí", questions.BadgeChoice(wanted=True)),
        ("OLVÍDAME SÍ", questions.ForgetMe(confirmed=True)),
        (f"demostrar nivel oro a {NPUB}", questions.Prove("tier", "oro", None, GUEST)),
        (f"demostrar visitas 5 90d para {NPUB}", questions.Prove("visits_at_least", "5", "90d", GUEST)),
        ("ayuda canjear", questions.Help("redeem")),
        ("idioma español", questions.Language("es")),
    ],
)
def test_spanish_is_understood(text: str, value: Any) -> None:
    """Spanish words are words of commands, also to a program that speaks English, with accents or without."""
    assert settled(text) == value


@pytest.mark.parametrize("language", list(catalogue.languages()))
@pytest.mark.parametrize("verb", VERBS)
def test_help_tells_what_is_understood(verb: str, language: str) -> None:
    """In each language the example of every verb is read as that verb, and its usage begins with the verb's word."""
    usage = USAGES[verb]
    example = catalogue.text(language, usage.example)
    assert asked(example, language=language).verb == verb
    line = catalogue.text(language, usage.line)
    found = read(line, slugs=[], language=language)
    assert (found.verb or "").removesuffix("-entry") == verb
    assert line.startswith(catalogue.words(language, VERB, verb)[0])


def test_each_role_has_its_verbs() -> None:
    """Owners may say everything that operators may; staff less than managers; customers what is about themselves."""
    owner, manager, staff = (set(verbs_for(role)) for role in ("owner", "manager", "staff"))
    assert staff < manager < owner
    assert {"redeem", "use", "balance", "help"} <= staff
    assert "grant" not in staff
    assert {"pause", "relink", "confirm"} <= owner - manager
    customer = set(verbs_for("customer"))
    assert {"redeem", "claim", "forget me", "prove", "share", "notify"} <= customer
    assert not customer & {"grant", "use", "freeze", "undo", "report"}
    assert owner | customer == set(VERBS)
