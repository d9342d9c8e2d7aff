"""What came is opened, verified and counted as a stranger's client would: every order one entry, every chain whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import orjson

from bench.load import Customers
from kinds import entry as wire
from kinds import gift_wrap
from kinds.event import Event, claim, parse_event, verify

PROOF = "proof"


def entries_in(texts: Sequence[bytes], customers: Customers) -> list[Event]:
    """The signed entries of these EVENT messages: in clear, or the proofs inside wraps. Raises on anything wrong."""
    return [_entry(verify(claim(orjson.loads(text)[2])), customers) for text in texts]


def check(texts: Sequence[bytes], customers: Customers, orders: int, *, from_the_start: bool = True) -> None:
    """AssertionError unless they are one entry per order. `from_the_start`: and whole chains from seq 1."""
    entries = entries_in(texts, customers)
    chains: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    keys = set()
    for event in entries:
        entry = wire.parse(event)
        keys.add(entry.key)
        chains[entry.customer].append((entry.seq, event))
    assert len(keys) == len(entries) == orders, f"{len(keys)} keys, {len(entries)} entries, {orders} orders"
    for chain in chains.values():
        chain.sort()
        seqs = [seq for seq, _ in chain]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), "a gap in a chain"
        if from_the_start:
            wire.verify_chain([event for _, event in chain])


def _entry(event: Event, customers: Customers) -> Event:
    if event.kind != 1059:
        return event
    recipient = next(tag[1] for tag in event.tags if tag[0] == "p")
    notice = gift_wrap.unwrap(event, customers.keys[recipient])
    return verify(parse_event(next(tag[1] for tag in notice.tags if tag[0] == PROOF)))
