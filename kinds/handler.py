"""NIP-89, kind 31990: which kinds an application handles, and the web pages on which it shows them.

A page's URL holds the mark `<bech32>`, in whose place a client writes the NIP-19 text of what is to be shown.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from kinds import metadata, tags
from kinds.errors import Unreadable
from kinds.event import KIND_MAX, Event, Template
from kinds.metadata import Metadata
from kinds.registry import HANDLER
from kinds.tags import Tags

MARK: Final = "<bech32>"
ENTITIES: Final = ("npub", "nprofile", "note", "nevent", "naddr")
"""What a page may be for, in NIP-19's words; never a secret key."""

_CODE: Final = "handler-malformed"


class Page(NamedTuple):
    """`url` (with MARK in it) shows an `entity` of ENTITIES, or "" for all that have no page of their own."""

    url: str
    entity: str = ""


class Handler(NamedTuple):
    """The application `name` (its `d` tag) of `author` (hex) handles `kinds`.

    `about` None: what the author's own metadata says is said of the application too.
    """

    author: str
    name: str
    kinds: tuple[int, ...]
    pages: tuple[Page, ...] = ()
    about: Metadata | None = None


def template(handler: Handler, created_at: int) -> Template:
    """The event, for its author to sign. ValueError for a page that no client could use."""
    for page in handler.pages:
        if not _is_page(page):
            raise ValueError(f"a page is a web URL with {MARK} in it, for one of {', '.join(ENTITIES)} or for all")
    written = (
        ("d", handler.name),
        *(("k", str(kind)) for kind in handler.kinds),
        *(("web", url, entity) if entity else ("web", url) for url, entity in handler.pages),
    )
    return Template(HANDLER, created_at, written, "" if handler.about is None else metadata.to_text(handler.about))


def parse(event: Event) -> Handler:
    """Read a handler; kinds and pages that are none are left out. Raises Unreadable "handler-malformed"."""
    if event.kind != HANDLER:
        raise Unreadable(_CODE, f"kind {event.kind}")
    try:
        about = metadata.read_text(event.content) if event.content else None
    except Unreadable as fault:
        raise Unreadable(_CODE, fault.detail) from None
    pages = (Page(tag[1], tag[2] if len(tag) > 2 else "") for tag in tags.all_of(event.tags, "web") if len(tag) > 1)
    return Handler(
        author=event.pubkey,
        name=tags.required_value(event.tags, "d", _CODE),
        kinds=tuple(dict.fromkeys(_kinds(event.tags))),
        pages=tuple(filter(_is_page, pages)),
        about=about,
    )


def _is_page(page: Page) -> bool:
    return page.url.startswith(("https://", "http://")) and MARK in page.url and page.entity in ("", *ENTITIES)


def _kinds(written: Tags) -> Iterator[int]:
    for tag in tags.all_of(written, "k"):
        try:
            kind = tags.whole_number("".join(tag[1:2]))
        except ValueError:
            continue
        if kind <= KIND_MAX:
            yield kind
