"""Recomputes everything and compares: the ledger against its own entries, lots, draws and orders.

One pass over all entries in the order they were booked checks each chain with the naive fold (`ledger.balance`) and
each document against its ref; then each question of `ledger.audit_questions` is put to the database, and any row that
answers it is a finding. What a document says is for those to compare who can read it: see `statement.booked`. Memory
does not grow with the number of entries, only (little) with that of standings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.audit_questions import QUESTIONS
from ledger.balance import Fold, Line
from ledger.bulk import name, unpacked
from ledger.database import Read
from ledger.errors import LedgerUnavailable

PAGE: Final = 1_000
FINDINGS_MAX: Final = 1_000  # of each code; a ledger that is wrong everywhere need not say so a million times

# code: what it means, with {} for what was found
SENTENCES: Final[Mapping[str, str]] = {
    "seq-gap": "entry {} does not follow the number before it",
    "prev-differs": "entry {} does not name the entry before it",
    "balance-differs": "entry {} does not carry the sum of its chain's points",
    "time-decreases": "entry {} was recorded before the entry that it follows",
    "document-differs": "entry {} holds a document that its ref does not name",
    "entry-differs": "entry {} is booked otherwise than its document says",
    "revision-differs": "revision {} holds a document that its ref does not name",
    "standing-differs": "standing {} is cached otherwise than its entries say",
    "lots-differ": "standing {} holds another balance than its lots, less its deficit",
    "credit-without-lot": "entry {} is a credit and opened no lot",
    "lot-differs": "lot {} does not hold what its draws leave",
    "lot-expired-differs": "lot {} counts other expired points than its draws",
    "lot-reversed-differs": "lot {} counts other reversed points than the reversals of its credit",
    "draws-differ": "entry {} drew other points than it says",
    "key-twice": "entry {} has the key of an earlier entry",
    "over-reversed": "entry {} is reversed by more than it holds",
    "reversal-elsewhere": "entry {} reverses an entry of another standing",
    "order-entry-differs": "order {} does not agree with its entry",
    "order-reversed-differs": "order {} counts other reversed points than its entries",
    "order-refunds-differ": "order {} counts other amounts or points taken back than its refunds",
    "order-pending-differs": "order {} waits for its points and has them, or waits for nobody",
    "visits-differ": "standing {} counts other visits than its orders",
    "carried-visits-differ": "program {} carried other visits to new keys than away from old ones",
    "sums-differ": "standing {} counts other points, visits or spend than its tallies",
    "tallies-differ": "the tallies of standing {} count otherwise than its orders",
    "last-order-differs": "standing {} names a last order that is not its own",
    "next-expiry-differs": "standing {} names other points to run out next than its lots",
    "relink-differs": "standing {} was relinked to a standing of another program, or in a circle",
    "lot-outlives-policy": "lot {} lives longer than a change of expiry allows",
    "voucher-entry-differs": "voucher {} does not agree with its redemption",
    "voucher-charge-differs": "voucher {} is charged otherwise than its redemption and what was given back",
    "stock-differs": "reward {} counts other vouchers than are out",
    "action-differs": "action {} was undone by none that came after it",
    "referral-differs": "referral {} does not agree with its order or its entries",
    "brought-by-differs": "standing {} names a referral that did not bring it",
    "feedback-differs": "the feedback on order {} does not agree with its order or its entry",
    "flag-differs": "flag {} does not agree with its order",
    "foreign-key": "a row of table {} refers to a row that is not there",
    "file-damaged": "the file is damaged: {}",
}

# A page each: see ledger.bulk for why it comes as two texts, or one, and not as rows.
_ENTRIES: Final = """
SELECT json_group_array(json_array(id, standing_id, length(document), seq, type, points, balance, prev_id, recorded_at,
                                   reversed_type, taken_out)),
       coalesce(group_concat(hex(ref) || hex(document), ''), '')
FROM (SELECT entry.*, reversed.type AS reversed_type, standing.forgotten AND length(entry.document) = 0 AS taken_out
      FROM entry LEFT JOIN entry AS reversed ON reversed.id = entry.reverses
      LEFT JOIN standing ON standing.id = entry.standing_id
      WHERE entry.id > ?1 ORDER BY entry.id LIMIT ?2)
"""

_STANDINGS: Final = """
SELECT json_group_array(json_array(id, seq, balance, lifetime, head_id, last_at, is_head))
FROM (SELECT s.*, s.head IS head.ref AS is_head FROM standing AS s LEFT JOIN entry AS head ON head.id = s.head_id
      WHERE s.id > ?1 ORDER BY s.id LIMIT ?2)
"""


_COUNTED: Final = ("lot", "draw", "paid_order", "refund", "tally", "voucher", "action", "referral", "feedback", "flag",
                   "inbox", "outbox")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree: a code of SENTENCES, the id of where, and a sentence about it."""

    code: str
    where: str
    sentence: str


@dataclass(slots=True)
class Report:
    """The outcome of an audit: findings, at most FINDINGS_MAX of each code, and how much was looked at."""

    findings: list[Finding] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    _of_code: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, code: str, where: object) -> None:
        """Notes a finding, unless there are enough of its code."""
        self._of_code[code] = self._of_code.get(code, 0) + 1
        if self._of_code[code] <= FINDINGS_MAX:
            self.findings.append(Finding(code, str(where), SENTENCES[code].format(where)))


async def check(r: Read) -> Report:
    """Looks at everything, in the one snapshot of the block. Takes about a minute for a million entries."""
    report = Report()
    try:
        await _check(r, report)
    except LedgerUnavailable as error:
        if error.code != "ledger-corrupt":
            raise
        report.add("file-damaged", error.detail)
    return report


async def _check(r: Read, report: Report) -> None:
    folds = await _entries(r, report)
    await _standings(r, report, folds)
    folds.clear()
    await _revisions(r, report)
    for code, question in QUESTIONS.items():
        for (where,) in await r.rows(f"{question} LIMIT ?", FINDINGS_MAX):
            report.add(code, where)
    for table in _COUNTED:
        ((report.counted[table],),) = await r.rows(f"SELECT count(*) FROM {table}")


async def _entries(r: Read, report: Report) -> dict[int, Fold]:
    """One pass over all entries: every document against its ref, every entry against the fold of those before it."""
    folds: dict[int, Fold] = {}
    last = report.counted["entry"] = 0
    while True:
        ((rows, raw),) = await r.rows(_ENTRIES, last, PAGE)
        page = unpacked(rows)
        if not page:
            return folds
        for code, id_ in _faults(page, bytes.fromhex(raw), folds):
            report.add(code, id_)
        report.counted["entry"] += len(page)
        last = page[-1][0]


def _faults(page: list[Any], raw: bytes, folds: dict[int, Fold]) -> Iterator[tuple[str, int]]:
    start = 0
    for id_, standing_id, length, *line, taken_out in page:
        document = start + 32
        # The documents of a customer who was forgotten are taken out; the figures stay, and must still add up.
        if not taken_out and hashlib.sha256(raw[document : document + length]).digest() != raw[start:document]:
            yield "document-differs", id_
        start = document + length
        fold = folds.get(standing_id) or folds.setdefault(standing_id, Fold())
        for code in fold.add(Line(id_, *line)):
            yield code, id_


async def _standings(r: Read, report: Report, folds: dict[int, Fold]) -> None:
    """Every standing against the fold of its entries."""
    last = report.counted["standing"] = 0
    nothing = Fold()
    while page := await r.packed(_STANDINGS, last, PAGE):
        for id_, seq, balance, lifetime, head_id, last_at, is_head in page:
            if not is_head or Fold(seq, balance, lifetime, head_id, last_at) != folds.get(id_, nothing):
                report.add("standing-differs", id_)
        report.counted["standing"] += len(page)
        last = page[-1][0]


async def _revisions(r: Read, report: Report) -> None:
    rows = await r.rows("SELECT ref, document FROM revision")
    for ref, document in rows:
        if hashlib.sha256(document).digest() != ref:
            report.add("revision-differs", name(ref))
    report.counted["revision"] = len(rows)
