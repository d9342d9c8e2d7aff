"""Whether every entry is booked as its document says.

The ledger does not know what Nostr is: its audit compares a document with its hash, and the columns with each other.
That the columns say what the issuer signs is seen here. Without it, somebody who can write the file could change an
entry everywhere but in its document, and the balance would no longer be what customers hold receipts for.
"""

from kinds import entry as wire
from kinds.errors import KindsError
from kinds.event import rumor_from_canonical
from ledger import statement
from ledger.audit import Report
from ledger.database import Read
from ledger.statement import Booked


async def compare(r: Read, report: Report) -> None:
    """Add a finding "entry-differs" to the report for every entry whose document says something else."""
    last = 0
    while page := await statement.booked(r, last):
        for booked in page:
            if not booked.taken_out and not _agrees(booked):
                report.add("entry-differs", booked.id)
        last = page[-1].id


def _agrees(booked: Booked) -> bool:
    try:
        rumor = rumor_from_canonical(booked.document)
        said = wire.parse(rumor)
    except KindsError:
        return False
    return booked == Booked(
        booked.id, said.program, said.customer, said.type, said.points, said.balance, said.seq, said.prev, said.rev,
        said.key, said.expires_at, said.revokes, rumor.created_at, booked.document,
        rumor.id, booked.forgotten,
    )  # fmt: skip
