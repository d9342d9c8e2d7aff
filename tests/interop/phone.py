"""Somebody's client on rust-nostr (`nostr-sdk` from PyPI): signatures, NIP-17, NIP-44, NIP-59 and NIP-42 are theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

sdk = pytest.importorskip("nostr_sdk", reason="nostr_sdk is not installed (pip install '.[relay]')")

WAIT_S_MAX = 40.0
LOOK_S = 0.1


class Phone:
    """A rust-nostr client with somebody's keys."""

    def __init__(self, client: sdk.Client, url: str, keys: sdk.Keys) -> None:
        self._client = client
        self._url = sdk.RelayUrl.parse(url)
        self._read: set[str] = set()
        self.keys = keys

    @property
    def hex(self) -> str:
        """The public key."""
        return str(self.keys.public_key().to_hex())

    @property
    def npub(self) -> str:
        """The same as people write it."""
        return str(self.keys.public_key().to_bech32())

    async def send(self, event: sdk.Event) -> None:
        """Publish; the relay must take it."""
        sent = await self._client.send_event(event)
        assert sent.success, sent.failed

    async def find(self, wanted: sdk.Filter, number: int = 1) -> list[sdk.Event]:
        """The events of a filter once there are so many, each verified."""
        deadline = time.monotonic() + WAIT_S_MAX
        while True:
            target = sdk.ReqTarget.single(self._url, [wanted])
            found: list[sdk.Event] = await self._client.fetch_events(target, timedelta(seconds=5))
            if len(found) >= number:
                assert all(event.verify() for event in found)
                return found
            assert time.monotonic() < deadline, f"nothing came for {wanted.as_json()}"
            await asyncio.sleep(LOOK_S)

    async def write(self, to: str, text: str, *tags: list[str]) -> None:
        """A private message (NIP-17) to a public key in hex."""
        more = [sdk.Tag.parse(each) for each in tags]
        await self.send(sdk.nip17_make_private_msg(self.keys, sdk.PublicKey.parse(to), text, rumor_extra_tags=more))

    async def say(self, to: str, text: str) -> sdk.UnsignedEvent:
        """The same to a daemon: its answer."""
        await self.write(to, text)
        return await self.next_message(to, answers=True)

    async def messages(self, sender: str) -> list[sdk.UnsignedEvent]:
        """All messages by somebody, each opened and attributed by rust-nostr."""
        found = await self._client.fetch_events(sdk.ReqTarget.single(self._url, [self._wraps()]), timedelta(seconds=5))
        gifts = [sdk.UnwrappedGift.from_gift_wrap(self.keys, wrap) for wrap in found]
        assert all(gift.sender().to_hex() == gift.rumor().author().to_hex() for gift in gifts)
        return [gift.rumor() for gift in gifts if gift.sender().to_hex() == sender]

    async def next_message(self, sender: str, *, answers: bool = False) -> sdk.UnsignedEvent:
        """The next message by somebody that was not read yet; `answers`: the next answer to something."""
        deadline = time.monotonic() + WAIT_S_MAX
        while True:
            for rumor in await self.messages(sender):
                id_ = rumor.id().to_hex()
                if id_ not in self._read and (not answers or tag(rumor, "answer") is not None):
                    self._read.add(id_)
                    return rumor
            assert time.monotonic() < deadline, f"nothing came from {sender}"
            await asyncio.sleep(LOOK_S)

    async def message(self, sender: str) -> sdk.UnsignedEvent:
        """The one message that lies in a wrap for these keys."""
        (wrap,) = await self.find(self._wraps())
        gift = sdk.UnwrappedGift.from_gift_wrap(self.keys, wrap)
        assert gift.sender().to_hex() == sender
        assert gift.rumor().author().to_hex() == sender
        return gift.rumor()

    def _wraps(self) -> sdk.Filter:
        return sdk.Filter().kind(sdk.Kind(1059)).pubkey(self.keys.public_key())


@asynccontextmanager
async def phone(url: str, nsec: str) -> AsyncIterator[Phone]:
    """A client that is connected, and logs in where a relay asks for it."""
    sdk.nostr_sdk.uniffi_set_event_loop(asyncio.get_running_loop())  # where its own threads ask for signatures
    keys = sdk.Keys.parse(nsec)
    client = sdk.ClientBuilder().authenticator(sdk.SignerAuthenticator(keys)).build()
    await client.add_relay(sdk.RelayUrl.parse(url))
    await client.connect(and_wait=timedelta(seconds=5))
    try:
        yield Phone(client, url, keys)
    finally:
        await client.shutdown()


def tag(event: sdk.Event | sdk.UnsignedEvent, name: str) -> str | None:
    """The value of the first tag of this name."""
    return next((each.to_vec()[1] for each in event.tags() if each.to_vec()[0] == name), None)
