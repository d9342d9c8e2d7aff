// The whole way of a guest, written with nostr-tools alone: an order, a grant, balance and history, a redemption and its
// use, the history made public, a stranger who verifies it, a proof that another venue verifies. Input: one JSON object on
// standard input, with everybody's secret key. Output: what was read, as one JSON object. Whatever a careful client
// checks is checked here; a check that fails ends the script with a trace and exit status 1.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { finalizeEvent, getEventHash, getPublicKey, nip17, nip19, nip44, nip59, verifyEvent } from "nostr-tools";
import { Relay, useWebSocketImplementation } from "nostr-tools/relay";

const WAIT_MS = 40_000;
const LOOK_MS = 150;

const asked = JSON.parse(readFileSync(0, "utf8"));
const tag = (event, name) => event.tags.find((each) => each[0] === name)?.[1];
const secrets = Object.fromEntries(Object.entries(asked.keys).map(([who, hex]) => [who, Buffer.from(hex, "hex")]));
const keys = Object.fromEntries(Object.entries(secrets).map(([who, secret]) => [who, getPublicKey(secret)]));

/** Everybody has a connection of their own, and logs in where the relay wants it. */
async function connected(who) {
  const relay = await Relay.connect(asked.url);
  relay.onauth = async (template) => finalizeEvent(template, secrets[who]);
  return relay;
}

/** Publish; a relay that wants to know first who is there is told, once. */
async function publish(relay, event) {
  try {
    await relay.publish(event);
  } catch (refusal) {
    if (!String(refusal.message).startsWith("auth-required:")) throw refusal;
    await relay.auth(relay.onauth);
    await relay.publish(event);
  }
}

/** The stored events of a filter, each verified. */
function stored(relay, filter) {
  return new Promise((resolve, reject) => {
    const found = [];
    const late = setTimeout(() => reject(new Error(`no end of ${JSON.stringify(filter)}`)), WAIT_MS);
    const subscription = relay.subscribe([filter], {
      onevent: (event) => found.push(event),
      oneose() {
        clearTimeout(late);
        subscription.close();
        if (found.every((event) => verifyEvent(event))) resolve(found);
        else reject(new Error("a relay sent an event that does not verify"));
      },
    });
  });
}

/** The same again and again, until `pick` makes something of it. */
async function until(relay, filter, pick) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = pick(await stored(relay, filter));
    if (found !== undefined) return found;
    assert(Date.now() < deadline, `nothing came for ${JSON.stringify(filter)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The message inside a gift wrap; the seal's proof, which nostr-tools leaves to its user, is checked here. */
function unwrapped(wrap, secret) {
  const seal = JSON.parse(nip44.decrypt(wrap.content, nip44.getConversationKey(secret, wrap.pubkey)));
  assert(verifyEvent(seal), "the seal's signature holds");
  const rumor = nip59.unwrapEvent(wrap, secret);
  assert.equal(seal.pubkey, rumor.pubkey, "the seal's author is the message's author");
  assert.equal(getEventHash(rumor), rumor.id);
  return rumor;
}

const wrapsOf = (who) => ({ kinds: [1059], "#p": [keys[who]] });

const read = new Set();

/** What one writes to the program by NIP-17, and the answer to it. */
async function say(relays, who, text) {
  await publish(relays[who], nip17.wrapEvent(secrets[who], { publicKey: asked.issuer }, text));
  return until(relays[who], wrapsOf(who), (wraps) => {
    const messages = wraps.map((wrap) => unwrapped(wrap, secrets[who]));
    const answer = messages.find((one) => tag(one, "answer") !== undefined && !read.has(one.id));
    if (answer === undefined) return undefined;
    assert.equal(answer.pubkey, asked.issuer);
    assert.equal(answer.kind, 14);
    read.add(answer.id);
    return answer;
  });
}

async function report(relays) {
  const now = Math.floor(Date.now() / 1000);
  const tags = [
    ["p", asked.issuer], ["a", asked.address], ["customer_pubkey", keys.guest], ["order", "A-17"], ["status", "paid"],
    ["amount", "60000", "sat"], ["paid_at", String(now)],
  ];
  const rumor = nip59.createRumor({ kind: 7412, created_at: now, tags, content: "" }, secrets.till);
  await publish(relays.till, nip59.createWrap(nip59.createSeal(rumor, secrets.till, asked.issuer), asked.issuer));
  await until(relays.till, wrapsOf("till"), (wraps) =>
    wraps.map((wrap) => unwrapped(wrap, secrets.till)).find((one) => tag(one, "e") === rumor.id));
}

/** Entries as somebody who trusts nobody checks them: signatures, sums, links. */
function chained(entries) {
  const sorted = [...entries].sort((one, two) => Number(tag(one, "seq")) - Number(tag(two, "seq")));
  let balance = 0;
  let before;
  for (const [at, entry] of sorted.entries()) {
    assert(verifyEvent(entry));
    balance += Number(tag(entry, "points"));
    const said = [entry.kind, entry.pubkey, ...["p", "a", "seq", "prev", "balance"].map((name) => tag(entry, name))];
    assert.deepEqual(said, [7411, asked.issuer, keys.guest, asked.address, String(at + 1), before, String(balance)]);
    before = entry.id;
  }
  return sorted;
}

async function receipts(relays) {
  const wraps = await stored(relays.guest, wrapsOf("guest"));
  const messages = wraps.map((wrap) => unwrapped(wrap, secrets.guest));
  const proofs = messages.flatMap((one) => one.tags.filter(([name]) => name === "proof"));
  const entries = proofs.map(([, text]) => JSON.parse(text)).filter((one) => one.kind === 7411);
  return [...new Map(entries.map((one) => [one.id, one])).values()]; // `history` brings again what notices brought
}

async function strangersView(relays) {
  const about = { authors: [asked.issuer], "#p": [keys.guest] };
  const entries = await until(relays.stranger, { ...about, kinds: [7411] }, (found) =>
    (found.length >= 3 ? chained(found) : undefined));
  const program = { kinds: [37411], authors: [asked.issuer], "#d": [asked.slug] };
  const definition = await until(relays.stranger, program, ([one]) => one);
  for (const entry of entries) assert.equal(tag(entry, "rev"), definition.id, "the rules are those that are published");
  const card = await until(relays.stranger, { ...about, kinds: [37412] }, ([one]) => one);
  assert.equal(tag(card, "e"), entries.at(-1).id, "the card names the last entry");
  return { entries, card: ["d", "points", "tier", "seq"].map((name) => tag(card, name)) };
}

/** The other venue's side: what a guest hands over, believed only as far as it proves itself. */
async function proofElsewhere(relays, proof) {
  const extra = nip17.wrapEvent(secrets.guest, { publicKey: keys.bar }, proof, "My tier at Café Sol");
  await publish(relays.guest, extra);
  const message = await until(relays.bar, wrapsOf("bar"), (wraps) =>
    wraps.map((wrap) => unwrapped(wrap, secrets.bar)).find((one) => one.pubkey === keys.guest));
  const statement = JSON.parse(message.content);
  assert(verifyEvent(statement));
  const [kind, issuer, slug] = tag(statement, "a").split(":");
  assert.deepEqual([statement.kind, statement.pubkey, kind], [7414, issuer, "37411"]);
  assert.equal(tag(statement, "p"), message.pubkey, "it is about whoever sends it");
  assert.equal(tag(statement, "aud"), keys.bar, "and for us");
  const left = Number(tag(statement, "expiration")) - Date.now() / 1000;
  assert(left > 0 && left <= 86_400);
  const definition = await until(
    relays.bar, { kinds: [37411], authors: [issuer], "#d": [slug] }, ([one]) => one,
  );
  const [, type, tier] = statement.tags.find((each) => each[0] === "claim");
  assert(definition.tags.some((each) => each[0] === "tier" && each[1] === tier));
  return { type, tier, program: tag(statement, "a") };
}

useWebSocketImplementation(WebSocket);
const people = ["till", "operator", "staff", "guest", "stranger", "bar"];
const relays = Object.fromEntries(await Promise.all(people.map(async (who) => [who, await connected(who)])));
await report(relays);
const result = {};
const answers = async (name, who, text) => {
  const said = await say(relays, who, text);
  result[name] = { text: said.content, tags: said.tags };
  return said;
};
await answers("grant", "operator", `grant ${nip19.npubEncode(keys.guest)} 50 for the long wait`);
await answers("balance", "guest", "balance");
await answers("history", "guest", "history");
result.receipts = chained(await receipts(relays));
const code = tag(await answers("redeem", "guest", "redeem a free coffee"), "voucher");
await answers("use", "staff", `use ${code}`);
await answers("again", "staff", `use ${code.toLowerCase()}`);
if (asked.whole) {
  await answers("share", "guest", "share public");
  result.seen = await strangersView(relays);
  const proof = tag(await answers("prove", "guest", `prove tier silver to ${nip19.npubEncode(keys.bar)}`), "proof");
  result.proven = await proofElsewhere(relays, proof);
}
console.log(JSON.stringify(result));
process.exit(0); // nostr-tools leaves timers behind, which would keep the process for some seconds
