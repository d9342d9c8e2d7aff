"""What `kinds.handler` (NIP-89, 31990) promises."""

import pytest

from kinds.errors import Unreadable
from kinds.event import Template, sign
from kinds.handler import ENTITIES, Handler, Page, parse, template
from kinds.metadata import Metadata
from tests.unit.kinds.samples import ISSUER, NOW

WALLET = Handler(
    author=ISSUER.public,
    name="nostr-loyalty",
    kinds=(37411, 37412, 7411),
    pages=(
        Page("https://cafe.example/a/<bech32>", "naddr"),
        Page("https://cafe.example/e/<bech32>", "nevent"),
        Page("https://cafe.example/<bech32>"),
    ),
    about=Metadata(name="Café Sol", about="Points"),
)


def test_a_handler_is_written_as_nip_89_says() -> None:
    """d, a k tag for each kind, a web tag for each page; a page without an entity is for all others."""
    assert template(WALLET, NOW).tags == (
        ("d", "nostr-loyalty"), ("k", "37411"), ("k", "37412"), ("k", "7411"),
        ("web", "https://cafe.example/a/<bech32>", "naddr"), ("web", "https://cafe.example/e/<bech32>", "nevent"),
        ("web", "https://cafe.example/<bech32>"),
    )  # fmt: skip


def test_a_handler_survives_the_wire() -> None:
    """With a description of its own, and with its author's (an empty content)."""
    for one in (WALLET, WALLET._replace(about=None), Handler(ISSUER.public, "x", ())):
        event = sign(template(one, NOW), ISSUER)
        assert parse(event) == one
        assert (event.content == "") == (one.about is None)


@pytest.mark.parametrize(
    "page",
    [
        Page("https://cafe.example/"),
        Page("javascript:alert('<bech32>')"),
        Page("https://cafe.example/<bech32>", "nsec"),
        Page("https://cafe.example/<bech32>", "everything"),
    ],
)
def test_a_page_that_no_client_could_use_is_neither_written_nor_read(page: Page) -> None:
    """It needs the mark, the web, and an entity that may be shown: a secret key is none."""
    with pytest.raises(ValueError, match="bech32"):
        template(WALLET._replace(pages=(page,)), NOW)
    tags = (("d", "x"), ("web", page.url, page.entity), ("web",), ("web", "http://cafe.example/<bech32>", "note"))
    assert parse(sign(Template(31990, NOW, tags, ""), ISSUER)).pages == (
        Page("http://cafe.example/<bech32>", "note"),
    )  # fmt: skip


def test_secret_keys_are_shown_on_no_page() -> None:
    """Of NIP-19's texts all but the secret one have pages."""
    assert set(ENTITIES) == {"npub", "nprofile", "note", "nevent", "naddr"}


def test_kinds_that_are_none_are_left_out() -> None:
    """Texts, numbers beyond 65535 and repetitions."""
    tags = (("d", "x"), ("k", "1"), ("k",), ("k", "x"), ("k", "65536"), ("k", "01"), ("k", "65535"), ("k", "1"))
    assert parse(sign(Template(31990, NOW, tags, ""), ISSUER)).kinds == (1, 65535)


@pytest.mark.parametrize(
    ("tags", "content"), [((), ""), ((("d", "a"), ("d", "b")), ""), ((("d", "a"),), "x"), ((("d", "a"),), "[]")]
)
def test_a_malformed_handler_is_refused(tags: tuple[tuple[str, ...], ...], content: str) -> None:
    """Without one name, or with a content that is not metadata."""
    with pytest.raises(Unreadable) as unreadable:
        parse(sign(Template(31990, NOW, tags, content), ISSUER))
    assert unreadable.value.code == "handler-malformed"


def test_a_recommendation_is_no_handler() -> None:
    """Kind 31989 is the other half of NIP-89."""
    with pytest.raises(Unreadable, match="kind 31989"):
        parse(sign(Template(31989, NOW, (("d", "1"),), ""), ISSUER))
