"""What the page that venues copy into their privacy notice says is stored is what is stored, and what goes, goes."""

import sqlite3
from pathlib import Path

from ledger.migrations import migrations

PAGE = Path(__file__).parents[3] / "docs" / "operating.md"

SAYS = {
    ("paid_order", "detail"): "**what was bought**",
    ("paid_order", "amount_minor"): "amount and time",
    ("feedback", "text"): "the text of **feedback**",
    ("referral", "friend_id"): "**who brought whom**",
    ("voucher", "order_reference"): "on which order it was used",
    ("address", "relays"): "where the guest reads messages",
    ("action", "actor"): "what was done by command, by whom",
    ("claim_attempt", "actor"): "wrong claim codes",
    ("standing", "notify"): "what the guest chose",
    ("aside", "document"): "[set aside](#messages-set-aside)",
}
"""What the ledger keeps about a guest, and the words that say so."""


def test_what_is_stored_is_said() -> None:
    """Each thing about a guest for which the ledger has a place is named in the section, and no longer denied."""
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index("## Your guests' privacy") :]
    sql = sqlite3.connect(":memory:")
    for migration in migrations():
        sql.executescript(migration.read_text(encoding="utf-8"))
    for (table, column), words in SAYS.items():
        assert column in [row[1] for row in sql.execute(f"PRAGMA table_info({table})")], (table, column)
        assert words in section, words
    assert "Not what was bought" not in section
    assert "no command yet" not in section
