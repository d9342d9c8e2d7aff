"""Keys: the one door to libsecp256k1 and to bech32.

A public key is 64 lower-case hex digits (BIP-340, x only) everywhere in this project; a secret key is a `SecretKey`
that shows itself to nobody. The C library checks no lengths (a signature of 65 bytes once verified as true), so every
length is checked here, before the call. Its context is read-only after start and its calls release the interpreter's
lock: everything here may be called from several threads.

Sources: NIP-01 and BIP-340 (signatures), NIP-19 (npub, nsec, nprofile, nevent, naddr), NIP-44 (the shared x).
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from pynostr import bech32
from secp256k1 import ffi, lib, secp256k1_ctx

from kinds import tlv

PARSED_KEYS_MAX: Final = 8_192
BECH32_LENGTH_MAX: Final = 5_000
"""NIP-19's limit on a bech32 text."""

_HEX64 = re.compile(r"[0-9a-f]{64}")
_TLV_SPECIAL, _TLV_RELAY, _TLV_AUTHOR, _TLV_KIND = 0, 1, 2, 3


class SecretKey:
    """A secret key and its public half. It prints without its secret, and cannot be pickled."""

    __slots__ = ("_keypair", "_raw", "public")

    public: str
    """The public key: 64 lower-case hex digits."""

    def __init__(self, raw32: bytes) -> None:
        """`raw32`: 32 bytes, a number from 1 up to the order of the curve less one; ValueError otherwise."""
        if type(raw32) is not bytes or len(raw32) != 32:
            raise ValueError("a secret key is 32 bytes")
        keypair = ffi.new("secp256k1_keypair *")
        if lib.secp256k1_keypair_create(secp256k1_ctx, keypair, raw32) != 1:
            raise ValueError("these 32 bytes are not a secret key: zero, or beyond the order of the curve")
        xonly = ffi.new("secp256k1_xonly_pubkey *")
        lib.secp256k1_keypair_xonly_pub(secp256k1_ctx, xonly, ffi.NULL, keypair)
        public32 = ffi.new("unsigned char[32]")
        lib.secp256k1_xonly_pubkey_serialize(secp256k1_ctx, public32, xonly)
        self._raw = raw32
        self._keypair = keypair
        self.public = bytes(ffi.buffer(public32)).hex()

    @classmethod
    def from_nsec(cls, text: str) -> "SecretKey":
        """The key of an nsec; ValueError without the text, which is a secret."""
        try:
            return cls(bech32_decode("nsec", text))
        except ValueError:
            raise ValueError("not an nsec") from None

    def nsec(self) -> str:
        """The secret as NIP-19 writes it. For a key file, never for a log."""
        return bech32_encode("nsec", self._raw)

    def raw(self) -> bytes:
        """The 32 secret bytes, for NIP-49's encryption only."""
        return self._raw

    def sign(self, id32: bytes) -> bytes:
        """The BIP-340 signature, 64 bytes, without auxiliary randomness: always the same for the same id."""
        if len(id32) != 32:
            raise ValueError("an id is 32 bytes")
        signature = ffi.new("unsigned char[64]")
        signed = lib.secp256k1_schnorrsig_sign_custom(secp256k1_ctx, signature, id32, 32, self._keypair, ffi.NULL)
        assert signed == 1, "libsecp256k1 refuses to sign with a key that it made"
        return bytes(ffi.buffer(signature))

    def shared_x(self, pubkey: str) -> bytes:
        """NIP-44's shared point, its x coordinate, unhashed: 32 bytes. In constant time. ValueError: no such key."""
        if _HEX64.fullmatch(pubkey) is None:
            raise ValueError("a public key is 64 lower-case hex digits")
        point = ffi.new("secp256k1_pubkey *")
        if lib.secp256k1_ec_pubkey_parse(secp256k1_ctx, point, b"\x02" + bytes.fromhex(pubkey), 33) != 1:
            raise ValueError("no point of the curve has this x: not a public key")
        shared32 = ffi.new("unsigned char[32]")
        multiplied = lib.secp256k1_ecdh(secp256k1_ctx, shared32, point, self._raw, _copy_x, ffi.NULL)
        assert multiplied == 1, "libsecp256k1 refuses a key that it made"
        return bytes(ffi.buffer(shared32))

    def __repr__(self) -> str:
        """The public half only."""
        return f"SecretKey(public={self.public})"

    def __reduce__(self) -> NoReturn:
        """A secret is not pickled: it would end up in places that nobody watches."""
        raise TypeError("a SecretKey is not pickled")


@ffi.callback("int(unsigned char *, unsigned char *, unsigned char *, void *)")  # type: ignore[untyped-decorator]  # cffi has no types
def _copy_x(output: Any, x32: Any, _y32: Any, _data: Any) -> int:
    """Stands where libsecp256k1 would hash the shared point: NIP-44 wants the bare x."""
    ffi.memmove(output, x32, 32)
    return 1


def verify_signature(pubkey: str, id32: bytes, sig64: bytes) -> bool:
    """Whether `sig64` is `pubkey`'s BIP-340 signature of `id32`. Wrong lengths and impossible keys are False."""
    if len(id32) != 32 or len(sig64) != 64:
        return False
    parsed = _parsed_key(pubkey)
    return parsed is not None and lib.secp256k1_schnorrsig_verify(secp256k1_ctx, sig64, id32, 32, parsed) == 1


def is_public_key(text: object) -> bool:
    """Whether `text` is 64 lower-case hex digits that name a point of the curve: half of all numbers do not.

    Nothing can be encrypted to a key that is none, so ask before promising to.
    """
    return isinstance(text, str) and _parsed_key(text) is not None


@lru_cache(maxsize=PARSED_KEYS_MAX)
def _parsed_key(pubkey: str) -> Any:
    """libsecp256k1's form of the key, or None. Bounded: a flood of keys costs time, not memory."""
    if _HEX64.fullmatch(pubkey) is None:
        return None
    parsed = ffi.new("secp256k1_xonly_pubkey *")
    if lib.secp256k1_xonly_pubkey_parse(secp256k1_ctx, parsed, bytes.fromhex(pubkey)) != 1:
        return None
    return parsed


class Profile(NamedTuple):
    """nprofile: a public key and where to look for it."""

    pubkey: str
    relays: tuple[str, ...] = ()


class EventPointer(NamedTuple):
    """nevent: an event's id and where to look for it."""

    id: str
    relays: tuple[str, ...] = ()
    author: str | None = None
    kind: int | None = None


class Address(NamedTuple):
    """naddr: an addressable event and where to look for it."""

    kind: int
    pubkey: str
    identifier: str
    relays: tuple[str, ...] = ()


def npub_encode(pubkey: str) -> str:
    """NIP-19's text for a public key (64 hex digits; ValueError otherwise)."""
    return bech32_encode("npub", _hex32(pubkey))


def npub_decode(text: str) -> str:
    """The public key of an npub, in hex; ValueError says what is wrong with the text."""
    return _payload32(bech32_decode("npub", text))


def nprofile_encode(profile: Profile) -> str:
    """NIP-19's text for a key with relays."""
    return bech32_encode("nprofile", tlv.encode((_TLV_SPECIAL, _hex32(profile.pubkey)), *_relay_items(profile.relays)))


def nprofile_decode(text: str) -> Profile:
    """The key and relays of an nprofile; ValueError."""
    items = tlv.decode(bech32_decode("nprofile", text))
    return Profile(_payload32(_special(items)), _relays(items))


def nevent_encode(pointer: EventPointer) -> str:
    """NIP-19's text for an event."""
    items = [(_TLV_SPECIAL, _hex32(pointer.id)), *_relay_items(pointer.relays)]
    if pointer.author is not None:
        items.append((_TLV_AUTHOR, _hex32(pointer.author)))
    if pointer.kind is not None:
        items.append((_TLV_KIND, pointer.kind.to_bytes(4, "big")))
    return bech32_encode("nevent", tlv.encode(*items))


def nevent_decode(text: str) -> EventPointer:
    """The pointer of an nevent; ValueError."""
    items = tlv.decode(bech32_decode("nevent", text))
    author, kind = tlv.first(items, _TLV_AUTHOR), tlv.first(items, _TLV_KIND)
    return EventPointer(
        _payload32(_special(items)),
        _relays(items),
        None if author is None else _payload32(author),
        None if kind is None else _kind(kind),
    )


def naddr_encode(address: Address) -> str:
    """NIP-19's text for an addressable event."""
    return bech32_encode(
        "naddr",
        tlv.encode(
            (_TLV_SPECIAL, address.identifier.encode()),
            *_relay_items(address.relays),
            (_TLV_AUTHOR, _hex32(address.pubkey)),
            (_TLV_KIND, address.kind.to_bytes(4, "big")),
        ),
    )


def naddr_decode(text: str) -> Address:
    """The address of an naddr; ValueError."""
    items = tlv.decode(bech32_decode("naddr", text))
    author, kind = tlv.first(items, _TLV_AUTHOR), tlv.first(items, _TLV_KIND)
    if author is None or kind is None:
        raise ValueError("an naddr names an author and a kind")
    return Address(_kind(kind), _payload32(author), _special(items).decode(), _relays(items))


def read_public_key(text: str) -> str:
    """A public key as people write it: npub, nprofile or 64 hex digits, `nostr:` before it or not.

    ValueError says, in words for the person who typed it, what is wrong.
    """
    text = text.strip().removeprefix("nostr:")
    if text.startswith("nsec1"):
        raise ValueError("this is a SECRET key (nsec); give the npub, and consider that key compromised")
    if text.startswith("npub1"):
        pubkey = npub_decode(text)
    elif text.startswith("nprofile1"):
        pubkey = nprofile_decode(text).pubkey
    elif _HEX64.fullmatch(text):
        pubkey = text
    else:
        raise ValueError(f"{text[:80]!r} is neither an npub, nor an nprofile, nor 64 lower-case hex digits")
    if not is_public_key(pubkey):
        raise ValueError(f"{text[:80]!r} names no point of the curve: nobody can have this key")
    return pubkey


def _hex32(text: str) -> bytes:
    if _HEX64.fullmatch(text) is None:
        raise ValueError("expected 64 lower-case hex digits")
    return bytes.fromhex(text)


def _payload32(payload: bytes) -> str:
    if len(payload) != 32:
        raise ValueError(f"expected 32 bytes inside, found {len(payload)}")
    return payload.hex()


def bech32_encode(prefix: str, payload: bytes) -> str:
    """NIP-19's bech32 text of some bytes; ValueError if it would be longer than BECH32_LENGTH_MAX."""
    text: str = bech32.bech32_encode(prefix, bech32.convertbits(payload, 8, 5), bech32.Encoding.BECH32)
    if len(text) > BECH32_LENGTH_MAX:
        raise ValueError(f"{prefix} would be longer than {BECH32_LENGTH_MAX} characters")
    return text


def bech32_decode(prefix: str, text: str) -> bytes:
    """The bytes of a bech32 text with this prefix; ValueError says what is wrong, without the text."""
    if len(text) > BECH32_LENGTH_MAX:
        raise ValueError(f"longer than {BECH32_LENGTH_MAX} characters")
    found, words, encoding = bech32.bech32_decode(text)
    if found is None or encoding is not bech32.Encoding.BECH32:
        raise ValueError(f"not a valid {prefix}: a character is wrong or missing (checksum)")
    if found != prefix:
        raise ValueError(f"expected an {prefix}, found an {found}")
    payload = bech32.convertbits(words, 5, 8, False)
    if payload is None:
        raise ValueError(f"not a valid {prefix}: bad padding")
    return bytes(payload)


def _special(items: list[tuple[int, bytes]]) -> bytes:
    payload = tlv.first(items, _TLV_SPECIAL)
    if payload is None:
        raise ValueError("the text does not say what it points to")
    return payload


def _kind(payload: bytes) -> int:
    if len(payload) != 4:
        raise ValueError(f"a kind takes 4 bytes, found {len(payload)}")
    return int.from_bytes(payload, "big")


def _relay_items(relays: tuple[str, ...]) -> list[tuple[int, bytes]]:
    return [(_TLV_RELAY, relay.encode("ascii")) for relay in relays]


def _relays(items: list[tuple[int, bytes]]) -> tuple[str, ...]:
    return tuple(payload.decode("ascii") for type_, payload in items if type_ == _TLV_RELAY)
