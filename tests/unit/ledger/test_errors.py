"""What the driver reports, in our words."""

import sqlite3

import pytest

from ledger.bulk import packed_names, packed_rows, places
from ledger.errors import CODES, InvariantBroken, LedgerUnavailable, TextUnstorable, translated


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (sqlite3.SQLITE_FULL, "ledger-disk-full"),
        (sqlite3.SQLITE_BUSY, "ledger-busy"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "ledger-busy"),
        (sqlite3.SQLITE_READONLY, "ledger-read-only"),
        (sqlite3.SQLITE_IOERR_FSYNC, "ledger-io"),
        (sqlite3.SQLITE_CORRUPT, "ledger-corrupt"),
        (sqlite3.SQLITE_NOTADB, "ledger-corrupt"),
        (sqlite3.SQLITE_CANTOPEN, "ledger-missing"),
    ],
)
def test_the_machines_doing_is_told_from_ours(code: int, ours: str) -> None:
    """What the disk or another process did is LedgerUnavailable with a remedy, also under SQLite's extended codes."""
    error = sqlite3.OperationalError("something")
    error.sqlite_errorcode = code
    found = translated(error)
    assert isinstance(found, LedgerUnavailable)
    assert found.code == ours
    assert found.code in CODES
    assert found.remedy


def test_a_refused_constraint_is_our_bug() -> None:
    """A constraint that refuses, or a number too large, is InvariantBroken."""
    error = sqlite3.IntegrityError("UNIQUE constraint failed")
    error.sqlite_errorcode = sqlite3.SQLITE_CONSTRAINT_UNIQUE
    assert isinstance(translated(error), InvariantBroken)
    assert isinstance(translated(OverflowError("int too large")), InvariantBroken)


def test_a_text_with_a_nul_is_refused() -> None:
    """SQLite would cut a text off at its NUL, so that two order ids became one; a written-out backslash-u is no NUL."""
    with pytest.raises(TextUnstorable):
        packed_rows([(1, "a\0b")])
    with pytest.raises(TextUnstorable):
        packed_rows(["a\0b"])
    assert packed_rows([(1, "a\\u0000b")]) == '[[1,"a\\\\u0000b"]]'


@pytest.mark.parametrize("name", ["ab", "ab" * 31 + " a", "zz" * 32, "ab" * 33, " " * 64])
def test_a_name_is_64_hex_digits(name: str) -> None:
    """A name of another length or alphabet is refused before it reaches a table."""
    with pytest.raises(InvariantBroken):
        packed_names(["ab" * 32, name])


def test_documents_are_found_again_in_their_string() -> None:
    """Places count from 1, as SQL's substr does, and an empty document has one too."""
    assert places([b"abc", b"", b"de"]) == [(1, 3), (4, 0), (4, 2)]
