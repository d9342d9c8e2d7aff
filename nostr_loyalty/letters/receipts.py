"""The signed entries that a guest asks for again, as messages that hold as many as relays take (protocol §7).

What notices brought while they were on, nothing brings afterwards: so whoever asks for its history has the entries with
it, also those that were public and are not any more.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import orjson

from kinds.event import Event, rumor_from_canonical, to_json
from ledger.entry import Entry

PROOFS_BYTES_MAX: Final = 5_500
"""Of the proofs in one message, as they stand in it: with its other tags it stays below 7 KB."""
_SIG: Final = "0" * 128


class Packed(NamedTuple):
    """The entries of one message, by number, and their documents, to be signed."""

    first: int
    last: int
    documents: tuple[bytes, ...]


def packed(entries: Sequence[Entry], bytes_max: int = PROOFS_BYTES_MAX) -> Iterator[Packed]:
    """The entries in their order, as many in each message as it holds; at least one."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        length = _length(entry.document)
        if batch and size + length > bytes_max:
            yield _of(batch)
            batch, size = [], 0
        batch.append(entry)
        size += length
    if batch:
        yield _of(batch)


def _of(batch: Sequence[Entry]) -> Packed:
    return Packed(batch[0].seq, batch[-1].seq, tuple(one.document for one in batch))


def _length(document: bytes) -> int:
    """Bytes of the tag that will hold the signed entry, in the message's JSON."""
    return len(orjson.dumps(("proof", to_json(Event(*rumor_from_canonical(document), _SIG))))) + 1
