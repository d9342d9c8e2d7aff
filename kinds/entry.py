"""Kind 7411: one line of the ledger, signed by the program's issuer. Protocol section 4.

The entries of one customer in one program form a chain: `seq` runs from 1 without a gap, `prev` names the event before,
`balance` is the sum of all points so far. `verify_chain` replays that for anybody who holds the events.

An entry never says what was bought or for how much. Whether it is public is told by `private` (NIP-70's ["-"]).
"""

import hashlib
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, cast, get_args

from kinds import program as programs
from kinds import tags
from kinds.errors import ChainBroken, Unreadable
from kinds.event import Event, Rumor, Template
from kinds.registry import ENTRY
from kinds.tags import Tags

EntryType = Literal["earned", "redeemed", "expired", "granted", "revoked"]
ENTRY_TYPES: Final[tuple[str, ...]] = get_args(EntryType)

_NAMESPACE: Final = "loyalty"
_CREDITS: Final = ("earned", "granted")
_DEBITS: Final = ("redeemed", "expired")
_ROLES: Final = ("revokes", "lot", "linked")


class Entry(NamedTuple):
    """A line of the ledger.

    `program` is an address, `relay` where the program is found ("" if unknown), `customer` a public key. `points` is
    the delta with its sign (credits >= 0, debits <= 0, revocations either way), `balance` the sum after it. `prev`
    (None for seq 1), `rev`, `revokes`, `lot` and `linked` (the entry on another key's chain that belongs to this one,
    when points move to a new key) are event ids; `key` is the idempotency key (tag x). Times in unix
    seconds.
    """

    program: str
    relay: str
    customer: str
    type: EntryType
    points: int
    balance: int
    seq: int
    prev: str | None
    rev: str
    key: str
    text: str
    tier: str | None = None
    expires_at: int | None = None
    revokes: str | None = None
    lot: str | None = None
    reward: str | None = None
    voucher: str | None = None
    by: str | None = None
    private: bool = False
    linked: str | None = None


def idempotency_key(program: str, adapter: str, author: str, reference: str) -> str:
    """Protocol section 5's x: what makes a fact count once for ever. `adapter` is one of ours and holds no "|"."""
    assert "|" not in program + adapter + author, "only the reference may hold any text"
    return hashlib.sha256(f"{program}|{adapter}|{author}|{reference}".encode()).hexdigest()


def template(entry: Entry, created_at: int) -> Template:
    """The entry's event, for its issuer to sign. `created_at` must not be below that of the entry before it."""
    written: list[tuple[str, ...]] = [
        ("a", entry.program, entry.relay),
        ("p", entry.customer),
        ("L", _NAMESPACE),
        ("l", entry.type, _NAMESPACE),
        ("points", tags.points_text(entry.points)),
        ("balance", str(entry.balance)),
    ]
    if entry.tier is not None:
        written.append(("tier", entry.tier))
    written.append(("seq", str(entry.seq)))
    if entry.prev is not None:
        written.append(("prev", entry.prev))
    written += (("rev", entry.rev), ("x", entry.key))
    if entry.expires_at is not None:
        written.append(("expires_at", str(entry.expires_at)))
    for name, text in (("reward", entry.reward), ("voucher", entry.voucher), ("by", entry.by)):
        if text is not None:
            written.append((name, text))
    for ref, role in _roles(entry):
        if ref is not None:
            written.append(("e", ref, "", role))
    if entry.private:
        written.append(("-",))
    return Template(ENTRY, created_at, tuple(written), entry.text)


def parse(event: Event | Rumor) -> Entry:
    """Read an entry. Raises Unreadable "entry-malformed", or "entry-wrong-issuer": another key signed it."""
    if event.kind != ENTRY:
        raise Unreadable("entry-malformed", f"kind {event.kind}")
    try:
        entry = _entry(event.tags, event.content)
        issuer, _ = programs.parse_address(entry.program)
    except ValueError as fault:
        raise Unreadable("entry-malformed", str(fault)) from None
    if event.pubkey != issuer:
        raise Unreadable("entry-wrong-issuer", f"signed by {event.pubkey}")
    return entry


def verify_chain(events: Sequence[Event], *, whole: bool = True) -> None:
    """Check all entries of one customer in one program, oldest first, from seq 1. Raises ChainBroken(code, at).

    Checked: every event is an entry of the same program by its issuer, about the same customer; seq, prev and balance
    follow from each other; time does not run backwards; no idempotency key comes twice. `whole` False: the beginning
    may be somebody's secret; what the first of these entries builds on is then taken as it was signed.
    """
    if not events:
        raise ChainBroken("chain-empty", 0)
    keys: set[str] = set()
    before: tuple[Event, Entry] | None = None
    for at, event in enumerate(events):
        try:
            entry = parse(event)
        except Unreadable as fault:
            raise ChainBroken(fault.code, at, fault.detail) from None
        code = None if before is None and entry.seq > 1 and not whole else _fault(event, entry, before)
        if code is not None:
            raise ChainBroken(code, at)
        if entry.key in keys:
            raise ChainBroken("chain-duplicate-key", at)
        keys.add(entry.key)
        before = event, entry


def _fault(event: Event, entry: Entry, before: tuple[Event, Entry] | None) -> str | None:
    """What is wrong between an entry and the one before it, as a code, or None."""
    if before is None:
        if entry.seq != 1:
            return "chain-gap"
        return None if entry.balance == entry.points else "chain-wrong-balance"
    event_before, entry_before = before
    if entry.program != entry_before.program:
        return "chain-other-program"
    if entry.customer != entry_before.customer:
        return "chain-other-customer"
    if entry.seq != entry_before.seq + 1:
        return "chain-gap"
    if entry.prev != event_before.id:
        return "chain-wrong-prev"
    if entry.balance != entry_before.balance + entry.points:
        return "chain-wrong-balance"
    return "chain-time-reversed" if event.created_at < event_before.created_at else None


def _entry(written: Tags, text: str) -> Entry:
    address = _sole(written, "a")
    label = _sole(written, "l")
    if address is None or len(address) < 2 or label is None or label[2:3] != (_NAMESPACE,):
        raise ValueError("a or l is missing")
    expires_at = _text(written, "expires_at")
    by_role = _references(written)
    entry = Entry(
        program=address[1],
        relay=address[2] if len(address) > 2 else "",
        customer=_hex(written, "p"),
        type=cast(EntryType, label[1]),
        points=tags.signed_points(_required(written, "points")),
        balance=tags.integer(_required(written, "balance")),
        seq=tags.whole_number(_required(written, "seq")),
        prev=None if _sole(written, "prev") is None else _hex(written, "prev"),
        rev=_hex(written, "rev"),
        key=_hex(written, "x"),
        text=text,
        tier=_text(written, "tier"),
        expires_at=None if expires_at is None else tags.whole_number(expires_at),
        revokes=by_role.get("revokes"),
        lot=by_role.get("lot"),
        linked=by_role.get("linked"),
        reward=_text(written, "reward"),
        voucher=None if _sole(written, "voucher") is None else _hex(written, "voucher"),
        by=None if _sole(written, "by") is None else _hex(written, "by"),
        private=_sole(written, "-") is not None,
    )
    _check(entry)
    return entry


def _check(entry: Entry) -> None:
    if entry.type not in ENTRY_TYPES:
        raise ValueError(f"l: {entry.type[:32]!r} is no type of entry")
    if (entry.type in _CREDITS and entry.points < 0) or (entry.type in _DEBITS and entry.points > 0):
        raise ValueError(f"points: {entry.points:+d} on an entry of type {entry.type}")
    if entry.seq < 1 or (entry.prev is None) != (entry.seq == 1):
        raise ValueError("seq starts at 1, and every entry but the first has a prev")


def _roles(entry: Entry) -> tuple[tuple[str | None, str], ...]:
    return ((entry.revokes, "revokes"), (entry.lot, "lot"), (entry.linked, "linked"))


def _references(written: Tags) -> dict[str, str]:
    """Role (one of _ROLES) to event id; a role comes once at most."""
    found: dict[str, str] = {}
    for tag in tags.all_of(written, "e"):
        role = tag[3] if len(tag) > 3 else ""
        if role in _ROLES:
            if role in found or not tags.is_hex64(tag[1]):
                raise ValueError(f"e: two {role}, or no event id")
            found[role] = tag[1]
    return found


def _sole(written: Tags, name: str) -> tuple[str, ...] | None:
    return tags.sole(written, name, "entry-malformed")


def _text(written: Tags, name: str) -> str | None:
    tag = _sole(written, name)
    return None if tag is None or len(tag) < 2 else tag[1]


def _required(written: Tags, name: str) -> str:
    text = _text(written, name)
    if text is None:
        raise ValueError(f"{name} is missing")
    return text


def _hex(written: Tags, name: str) -> str:
    text = _required(written, name)
    if not tags.is_hex64(text):
        raise ValueError(f"{name} is not 64 lower-case hex digits")
    return text
