// One visit, written with nostr-tools alone: the till reports an order, the guest reads the entry and the card, and the
// till reads its answer. Input: one JSON object on standard input. Output: what was read, as one JSON object. Whatever a
// careful client checks is checked here; a check that fails ends the script with a trace and exit status 1.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { finalizeEvent, getEventHash, getPublicKey, nip44, nip59, verifyEvent } from "nostr-tools";
import { Relay, useWebSocketImplementation } from "nostr-tools/relay";

const WAIT_MS = 15_000;
const DAYS_2 = 2 * 86_400;

const asked = JSON.parse(readFileSync(0, "utf8"));
const till = Buffer.from(asked.till, "hex");
const guest = Buffer.from(asked.guest, "hex");
const tag = (event, name) => event.tags.find((each) => each[0] === name)?.[1];

/** The first event of a filter, stored or live, that `pick` makes something of. */
function first(relay, filter, pick) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`nothing came for ${JSON.stringify(filter)}`)), WAIT_MS);
    const subscription = relay.subscribe([filter], {
      onevent(event) {
        try {
          assert(verifyEvent(event), "a relay sent an event that does not verify");
          const found = pick(event);
          if (found === undefined) return;
          clearTimeout(late);
          subscription.close();
          resolve(found);
        } catch (fault) {
          reject(fault);
        }
      },
    });
  });
}

/** The message inside a gift wrap. nostr-tools' unwrapEvent decrypts only, so the seal's proof is checked here. */
function unwrapped(wrap, secret) {
  const seal = JSON.parse(nip44.decrypt(wrap.content, nip44.getConversationKey(secret, wrap.pubkey)));
  assert(verifyEvent(seal), "the seal's signature holds");
  const rumor = nip59.unwrapEvent(wrap, secret);
  assert.equal(seal.kind, 13);
  assert.deepEqual(seal.tags, [], "a seal says nothing to those who cannot open it");
  assert.equal(seal.pubkey, rumor.pubkey, "the seal's author is the message's author");
  assert.equal(getEventHash(rumor), rumor.id);
  assert.equal(rumor.sig, undefined, "a rumor is not signed");
  const now = Math.floor(Date.now() / 1000);
  for (const { created_at } of [wrap, seal]) assert(created_at <= now + 5 && created_at >= now - DAYS_2 - 60);
  assert.notEqual(wrap.pubkey, seal.pubkey, "the wrap is signed by a key of its own");
  return rumor;
}

function orderTemplate() {
  const tags = [
    ["p", asked.issuer], ["a", asked.address], ["customer_pubkey", getPublicKey(guest)], ["order", asked.order],
    ["status", "paid"], ["amount", ...asked.amount], ["paid_at", String(asked.paid_at)],
  ];
  return { kind: 7412, created_at: asked.paid_at, tags, content: "" };
}

/** Send the order; the id that its answer will name. */
async function report(relay) {
  if (!asked.wrapped) {
    const event = finalizeEvent(orderTemplate(), till);
    await relay.publish(event);
    return event.id;
  }
  const rumor = nip59.createRumor(orderTemplate(), till);
  await relay.publish(nip59.createWrap(nip59.createSeal(rumor, till, asked.issuer), asked.issuer));
  return rumor.id;
}

function publicEntry(relay) {
  return first(relay, { kinds: [7411], authors: [asked.issuer], "#p": [getPublicKey(guest)] }, (event) => ({
    entry: event, text: null, card: `37412:${asked.issuer}:${asked.slug}:${getPublicKey(guest)}`,
  }));
}

function privateEntry(relay) {
  return first(relay, { kinds: [1059], "#p": [getPublicKey(guest)] }, (wrap) => {
    const message = unwrapped(wrap, guest);
    assert.equal(message.kind, 14);
    assert.equal(message.pubkey, asked.issuer);
    assert.equal(tag(message, "p"), getPublicKey(guest));
    const entry = JSON.parse(tag(message, "proof"));
    assert(verifyEvent(entry), "the proof inside the message is a signed entry");
    assert(entry.tags.some((each) => each.length === 1 && each[0] === "-"), "a private entry is protected (NIP-70)");
    return { entry, text: message.content, card: tag(message, "card") };
  });
}

async function readCard(relay, address) {
  const [kind, author, ...name] = address.split(":");
  const filter = { kinds: [Number(kind)], authors: [author], "#d": [name.join(":")] };
  return first(relay, filter, (event) => {
    if (asked.visibility === "public") {
      return { points: Number(tag(event, "points")), seq: Number(tag(event, "seq")), head: tag(event, "e") };
    }
    assert.deepEqual(event.tags, [["d", name.join(":")]], "a private card shows its random name only");
    const { points, seq, head } = JSON.parse(
      nip44.decrypt(event.content, nip44.getConversationKey(guest, asked.issuer)),
    );
    return { points, seq, head };
  });
}

function readAnswer(relay, orderId) {
  return first(relay, { kinds: [1059], "#p": [getPublicKey(till)] }, (wrap) => {
    const message = unwrapped(wrap, till);
    if (message.kind !== 14 || tag(message, "e") !== orderId) return undefined;
    assert.equal(message.pubkey, asked.issuer);
    return { text: message.content, tags: message.tags };
  });
}

useWebSocketImplementation(WebSocket);
const relay = await Relay.connect(asked.url);
const orderId = await report(relay);
const { entry, text, card } = await (asked.visibility === "public" ? publicEntry(relay) : privateEntry(relay));
assert.equal(entry.kind, 7411);
assert.equal(entry.pubkey, asked.issuer);
assert.equal(tag(entry, "p"), getPublicKey(guest));
const definition = await first(
  relay, { kinds: [37411], authors: [asked.issuer], "#d": [asked.slug] }, (event) => event,
);
assert.equal(tag(entry, "rev"), definition.id, "the entry names the rules that are published");
const result = { orderId, entry, text, card: await readCard(relay, card), answer: await readAnswer(relay, orderId) };
relay.close();
console.log(JSON.stringify(result));
process.exit(0); // nostr-tools leaves timers behind, which would keep the process for some seconds
