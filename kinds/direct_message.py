"""NIP-17, kind 14: a direct message. It travels as a rumor inside a gift wrap and is never signed by itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from kinds.errors import Unreadable
from kinds.event import Rumor, Template, author
from kinds.registry import DIRECT_MESSAGE
from kinds.tags import Tags, all_of, is_hex64


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """A message as it is read: `id` is the rumor's, `tags` are all of them, in their order."""

    id: str
    author: str
    recipients: tuple[str, ...]
    text: str
    created_at: int
    reply_to: str | None
    tags: Tags


def compose(
    author_pubkey: str, recipients: Iterable[str], text: str, tags: Iterable[tuple[str, ...]], at: int
) -> Rumor:
    """A message from `author_pubkey` to `recipients` (hex); `tags` come after the receivers'; `at` in unix seconds."""
    receivers = tuple(("p", recipient) for recipient in recipients)
    return author(Template(DIRECT_MESSAGE, at, (*receivers, *tags), text), author_pubkey)


def parse(rumor: Rumor) -> DirectMessage:
    """Read a message that came out of a gift wrap. Raises Unreadable "message-malformed" for another kind.

    A message that names no receiver is still read: the wrap was for us. The first `e` tag is what it replies to.
    """
    if rumor.kind != DIRECT_MESSAGE:
        raise Unreadable("message-malformed", f"kind {rumor.kind}")
    replies = [tag[1] for tag in all_of(rumor.tags, "e") if len(tag) > 1 and is_hex64(tag[1])]
    return DirectMessage(
        id=rumor.id,
        author=rumor.pubkey,
        recipients=tuple(tag[1] for tag in all_of(rumor.tags, "p") if len(tag) > 1 and is_hex64(tag[1])),
        text=rumor.content,
        created_at=rumor.created_at,
        reply_to=replies[0] if replies else None,
        tags=rumor.tags,
    )
