"""NIP-04, kind 4: the old encrypted message. Read and answered only where a program's owner allows it.

It hides the text and nothing else: everybody sees who writes to whom, and when. AES-256-CBC under the shared x of the
two keys, unhashed. The cipher itself notices no change; what proves the text is the signature of the event around it.

IVs are an argument: 16 random bytes, new for each message.
"""

from base64 import b64decode, b64encode
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from kinds import tags
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.keys import SecretKey
from kinds.registry import ENCRYPTED_MESSAGE

PLAINTEXT_MAX: Final = 65_535
"""Bytes of UTF-8 that `encrypt` takes: as NIP-44."""
PAYLOAD_MAX: Final = 128 * 1024
"""Characters that `decrypt` takes."""

_CODE: Final = "nip04-malformed"
_PAYLOAD_CODE: Final = "nip04-payload-malformed"
_BLOCK: Final = 16


class EncryptedMessage(NamedTuple):
    """`payload` is what `author` encrypted to `recipient` (both hex); `reply_to` an event id."""

    id: str
    author: str
    recipient: str
    payload: str
    reply_to: str | None
    created_at: int


def encrypt(plaintext: str, key: SecretKey, pubkey: str, iv: bytes) -> str:
    """The payload. ValueError: more than PLAINTEXT_MAX bytes, an IV of another length, `pubkey` is no public key."""
    text = plaintext.encode()
    if len(text) > PLAINTEXT_MAX:
        raise ValueError(f"at most {PLAINTEXT_MAX} bytes are encrypted, not {len(text)}")
    if len(iv) != _BLOCK:
        raise ValueError(f"an IV has {_BLOCK} bytes")
    padder = PKCS7(_BLOCK * 8).padder()
    encryptor = Cipher(AES256(key.shared_x(pubkey)), CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()
    return _joined(sealed, iv)


def decrypt(payload: str, key: SecretKey, pubkey: str) -> str:
    """The plaintext of a payload between the two keys, whichever of them made it.

    Raises Unreadable "nip04-…". That the padding is wrong and that the text is none have one code: who is told which of
    them it was can decrypt what is not for them, bit by bit.
    """
    sealed, iv = _decode(payload)
    try:
        shared_x = key.shared_x(pubkey)
    except ValueError as fault:
        raise Unreadable("nip04-undecryptable", str(fault)) from None
    decryptor = Cipher(AES256(shared_x), CBC(iv)).decryptor()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        padded = decryptor.update(sealed) + decryptor.finalize()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError:  # UnicodeDecodeError is one
        raise Unreadable("nip04-undecryptable") from None


def template(recipient: str, payload: str, created_at: int, *, reply_to: str | None = None) -> Template:
    """The message, for its author to sign; `reply_to` (an event id) is what it answers."""
    written: tuple[tuple[str, ...], ...] = (("p", recipient),)
    if reply_to is not None:
        written = (*written, ("e", reply_to))
    return Template(ENCRYPTED_MESSAGE, created_at, written, payload)


def parse(event: Event) -> EncryptedMessage:
    """Read a signed message, still encrypted. Raises Unreadable "nip04-malformed": another kind, or to nobody."""
    if event.kind != ENCRYPTED_MESSAGE:
        raise Unreadable(_CODE, f"kind {event.kind}")
    recipient = tags.required_value(event.tags, "p", _CODE)
    if not tags.is_hex64(recipient):
        raise Unreadable(_CODE, "p is not 64 lower-case hex digits")
    replies = [tag[1] for tag in tags.all_of(event.tags, "e") if len(tag) > 1 and tags.is_hex64(tag[1])]
    return EncryptedMessage(
        id=event.id,
        author=event.pubkey,
        recipient=recipient,
        payload=event.content,
        reply_to=replies[0] if replies else None,
        created_at=event.created_at,
    )


def _joined(sealed: bytes, iv: bytes) -> str:
    return f"{b64encode(sealed).decode()}?iv={b64encode(iv).decode()}"


def _decode(payload: str) -> tuple[bytes, bytes]:
    """Ciphertext and IV. One payload has one form, and whole blocks only."""
    if len(payload) > PAYLOAD_MAX:
        raise Unreadable("nip04-payload-too-large", f"{len(payload)} characters")
    before, _, after = payload.partition("?iv=")
    try:
        sealed, iv = b64decode(before, validate=True), b64decode(after, validate=True)
    except ValueError:
        raise Unreadable(_PAYLOAD_CODE, "not base64") from None
    if _joined(sealed, iv) != payload:
        raise Unreadable(_PAYLOAD_CODE, "not canonical base64")
    if not sealed or len(sealed) % _BLOCK or len(iv) != _BLOCK:
        raise Unreadable(_PAYLOAD_CODE, f"{len(sealed)} bytes with an IV of {len(iv)}")
    return sealed, iv
