"""Laws of the grammar: every text gives a value, and every value is one that the desks and the command line take."""

from hypothesis import example, given
from hypothesis import strategies as st

from kinds.keys import npub_encode
from nostr_loyalty.commands.command import VERBS as COMMANDS
from nostr_loyalty.commands.command import Grant, Undo
from nostr_loyalty.commands.fields import from_fields, to_fields
from nostr_loyalty.commands.grammar import TEXT_MAX, Asked, Misread, read, settle
from nostr_loyalty.commands.questions import HISTORY_MAX, QUESTION_VERBS, History
from nostr_loyalty.commands.vocabulary import VERBS, WORDS
from nostr_loyalty.commands.words import FAULTS, WHAT_MAX
from tests.venue import new_key

KEY = new_key().public
SLUGS = ("sol", "luna", "balance")

WORD = st.one_of(
    st.sampled_from(VERBS), st.sampled_from(list(WORDS)), st.sampled_from(SLUGS),
    st.sampled_from(["saldo", "canjear", "pedido", "para", "sí", "7H2K-9QWE-4M1N-0PZX", "5", "3.50", "EUR", "90d"]),
    st.sampled_from([npub_encode(KEY), KEY, "ab" * 32, "bob@example.com", "note1qqqq", "nostr:"]),
    st.sampled_from(["“", "”", '"', "\0", "\n"]),
    st.integers(-10, 10**14).map(str), st.text(max_size=12),
)  # fmt: skip
TEXT = st.one_of(st.text(max_size=200), st.lists(WORD, max_size=8).map(" ".join))


@given(TEXT, st.sampled_from(["en", "es", "xx"]))
@example('"', "en")
@example("\ud800 balance", "en")
@example("İ", "es")
def test_any_text_gives_a_value(text: str, language: str) -> None:
    """Nothing that is written makes the grammar raise; what it does not understand it says within bounds."""
    found = read(text, slugs=SLUGS, language=language)
    if isinstance(found, Misread):
        assert found.fault is None or found.fault in FAULTS
        assert len(found.what) <= WHAT_MAX
        assert (found.usage is None) == (found.verb is None)
        return
    assert found.verb in {*COMMANDS, *QUESTION_VERBS}
    value = settle(found, dict.fromkeys(found.unknown, KEY))
    assert isinstance(value, found.kind)
    if found.verb in COMMANDS:
        assert from_fields(to_fields(value)) == value  # type: ignore[arg-type] # a verb of COMMANDS is a command
    if isinstance(value, History):
        assert 1 <= value.lines <= HISTORY_MAX


@given(st.text(min_size=TEXT_MAX + 1, max_size=TEXT_MAX + 50))
def test_a_long_text_is_refused_whole(text: str) -> None:
    """Beyond the bound nothing is read at all."""
    assert read(text, slugs=(), language="en") == Misread(fault="too-long")


@given(st.integers(1, 10**12), st.text(st.characters(categories=["L", "N", "P"]), max_size=40).filter(str.strip))
def test_a_grant_moves_what_was_written(points: int, reason: str) -> None:
    """The points of a grant are the digits that were written, never others."""
    found = read(f"grant {npub_encode(KEY)} {points} . {reason}", slugs=(), language="en")
    assert isinstance(found, Asked | Misread)
    if isinstance(found, Asked):
        value = settle(found, {})
        assert isinstance(value, Grant)
        assert (value.who, value.points) == (KEY, points)


@given(TEXT.filter(lambda text: "undo" not in text.casefold() and "deshacer" not in text.casefold()))
def test_undo_has_to_be_said(text: str) -> None:
    """No text that does not hold the verb is read as an undo."""
    found = read(text, slugs=SLUGS, language="en")
    assert isinstance(found, Misread) or found.kind is not Undo
