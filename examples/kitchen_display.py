"""A kitchen display: shows the line of each order within a second, over Nostr alone.

    python kitchen_display.py ws://127.0.0.1:7777 37411:<D>:cafe-sol display.key

Needs `pip install nostr-sdk`, and the display's npub under the program's `monitors`. The lines come in wraps that
relays pass on and do not keep (21059): what was missed is gone here, and the order system has it in its answer.
"""

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path

import nostr_sdk as sdk


def opened(wrap, display):
    """The message inside a wrap (NIP-59), whose author is proven by the seal; None: there is no such message."""
    try:
        seal = sdk.Event.from_json(sdk.nip44_decrypt(display.secret_key(), wrap.author(), wrap.content()))
        text = sdk.nip44_decrypt(display.secret_key(), seal.author(), seal.content())
        message = sdk.UnsignedEvent.from_json(text)
    except sdk.NostrSdkError:
        return None
    is_proven = seal.verify() and seal.kind().as_u16() == 13 and seal.author().to_hex() == message.author().to_hex()
    return message if is_proven else None


async def main(display, relay, program):
    sdk.uniffi_set_event_loop(asyncio.get_running_loop())  # for logins, which relays may ask for
    client = sdk.ClientBuilder().authenticator(sdk.SignerAuthenticator(display)).build()
    await client.add_relay(sdk.RelayUrl.parse(relay))
    await client.connect(and_wait=timedelta(seconds=5))
    news = client.notifications()
    await client.subscribe(sdk.ReqTarget.auto([sdk.Filter().kind(sdk.Kind(21059)).pubkey(display.public_key())]))
    print("listening", flush=True)
    while (one := await news.next()) and not one.is_shutdown():
        message = opened(one.event, display) if one.is_new_event() else None
        if message is None or message.author().to_hex() != program.split(":")[1]:
            continue  # anybody may write to a display; only the program's issuer is shown
        said = {name: more[0] for name, *more in (each.to_vec() for each in message.tags()) if more}
        if said.get("a") == program:
            print(time.strftime("%H:%M:%S"), said.get("order", ""), message.content(), sep="  ", flush=True)


if __name__ == "__main__":
    url, address, key_file = sys.argv[1:]
    asyncio.run(main(sdk.Keys.parse(Path(key_file).read_text().strip()), url, address))
