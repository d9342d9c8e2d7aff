"""A bot on nostr-sdk: its client, keys and builder, as its own examples show them.

The library verifies an order before it hands it over, so the bot does not do it again. `send_event` returns when the
relay has said OK: one order at a time.
"""

from __future__ import annotations

import asyncio

from nostr_sdk import ClientBuilder, Event, EventBuilder, Filter, Keys, Kind, RelayUrl, ReqTarget, Tag

from bench.peers.shop import Entry, Shop, arguments


async def main() -> None:
    """Serve until ended."""
    asked = arguments("nostr_sdk_bot")
    shop = Shop(asked)
    keys = Keys.parse(asked.key)

    def sign(entry: Entry) -> tuple[str, Event]:
        tags = [Tag.parse(tag) for tag in entry.tags]
        event = EventBuilder(Kind(7411), entry.text).tags(tags).finalize(keys)
        return event.id().to_hex(), event

    client = ClientBuilder().build()
    await client.add_relay(RelayUrl.parse(asked.relay))
    await client.connect()
    notifications = client.notifications()
    await client.subscribe(ReqTarget.auto([Filter().kind(Kind(7412)).pubkey(keys.public_key())]))
    asked.ready_file.write_text("ready")
    while (notification := await notifications.next()) is not None:
        if not notification.is_new_event():
            continue
        event: Event = notification.event
        tags = [tag.to_vec() for tag in event.tags()]
        entry = shop.book(event.id().to_hex(), event.author().to_hex(), tags, sign)
        if entry is not None:
            await client.send_event(entry)


if __name__ == "__main__":
    asyncio.run(main())
