"""An order system, as a maker of tills would write it: reports a paid order and shows what the loyalty program says.

    python order_system.py ws://127.0.0.1:7777 37411:<D>:cafe-sol till.key A-17 12500 sat [npub of the guest]

Needs `pip install nostr-sdk`, and the till's npub under the program's `sources`. Without a guest the answer brings a
claim code for the receipt. Run again with the same order id as often as you like: an order counts once.
"""

import asyncio
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

import nostr_sdk as sdk

TRIES, ANSWER_WITHIN_S = 3, 10


async def report(client, till, issuer, tags):
    """Send the order as a new message; the answer's text and tags."""
    order = sdk.EventBuilder(sdk.Kind(7412), "").tags([sdk.Tag.parse(each) for each in tags])
    order = order.finalize_unsigned(till.public_key()).ensure_id()
    news = client.notifications()
    await client.send_event(sdk.nip59_make_gift_wrap(till, issuer, order))
    while one := await news.next():
        try:
            gift = sdk.UnwrappedGift.from_gift_wrap(till, one.event) if one.is_new_event() else None
        except sdk.NostrSdkError:
            continue  # junk by somebody
        if gift is None or gift.sender().to_hex() != issuer.to_hex():
            continue  # anybody may write to a till
        said = {name: more[0] for name, *more in (each.to_vec() for each in gift.rumor().tags()) if more}
        if said.get("e") == order.id().to_hex():
            return gift.rumor().content(), said
    return None


async def main(till, relay, program, order_id, amount, unit, guest=None):
    issuer = sdk.PublicKey.parse(program.split(":")[1])
    tags = [["p", issuer.to_hex()], ["a", program], ["order", order_id], ["status", "paid"], ["amount", amount, unit]]
    tags += [["paid_at", str(int(time.time()))]]
    tags += [["customer_pubkey", sdk.PublicKey.parse(guest).to_hex()]] if guest else []
    sdk.uniffi_set_event_loop(asyncio.get_running_loop())  # for logins, which relays may ask for
    client = sdk.ClientBuilder().authenticator(sdk.SignerAuthenticator(till)).build()
    await client.add_relay(sdk.RelayUrl.parse(relay))
    await client.connect(and_wait=timedelta(seconds=5))
    # Listen first. One stored event is enough: an answer that is not heard now comes again with the next try.
    await client.subscribe(sdk.ReqTarget.auto([sdk.Filter().kind(sdk.Kind(1059)).pubkey(till.public_key()).limit(1)]))
    for _ in range(TRIES):  # each try is a new message with the same order id
        try:
            text, said = await asyncio.wait_for(report(client, till, issuer, tags), ANSWER_WITHIN_S)
        except (TimeoutError, sdk.NostrSdkError):
            continue
        print(text, *([f"claim code for the receipt: {said['claim']}"] if "claim" in said else []), sep="\n")
        return said["result"] == "rejected"
    print("no answer; nothing is lost: run it again later, with the same order id")
    return True


if __name__ == "__main__":
    url, address, key_file, *order = sys.argv[1:]
    key = sdk.Keys.parse(Path(key_file).read_text().strip())
    has_failed = asyncio.run(main(key, url, address, *order))
    sys.stdout.flush()
    os._exit(has_failed)  # threads of nostr-sdk now and then crash an orderly end
