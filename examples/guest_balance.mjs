// A guest's client: reads what loyalty programs have sent to the guest's key, checks it, and shows the balances.
//
//     node guest_balance.mjs ws://127.0.0.1:7777 guest.key
//
// Needs `npm install` in this folder. Nothing is believed that is not signed by its program, and no balance is shown
// that its entries do not come to: docs/protocol.md, section 4. `nostr-loyalty cards` does the same and more.

import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { finalizeEvent, getPublicKey, nip19, nip59, verifyEvent } from "nostr-tools";
import { SimplePool, useWebSocketImplementation } from "nostr-tools/pool";

const [relay, keyFile] = process.argv.slice(2);
const guest = nip19.decode(readFileSync(keyFile, "utf8").trim()).data;
const me = getPublicKey(guest);

useWebSocketImplementation(WebSocket);
const pool = new SimplePool();
const onauth = async (template) => finalizeEvent(template, guest); // relays may ask for a login
const tag = (event, name) => event.tags.find((each) => each[0] === name)?.[1];

/** Print a line. Anybody can sign a program, and what its author wrote must not steer this terminal. */
const show = (line) => console.log(line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\u{FFFD}"));

/** Every event of a filter, page by page: relays give so many at once. */
async function everything(filter) {
  const found = new Map();
  for (let wanted = filter; ; ) {
    const page = await pool.querySync([relay], wanted, { onauth });
    if (page.every((event) => found.has(event.id))) return [...found.values()];
    for (const event of page) found.set(event.id, event);
    const oldest = Math.min(...page.map((event) => event.created_at));
    wanted = { ...filter, until: oldest + 1 }; // some relays leave `until` itself out
  }
}

/** The signed entries in a message, of which its author is the program: one in a notice, more after `history`. */
function proofs(wrap) {
  try {
    const message = nip59.unwrapEvent(wrap, guest); // proves who wrote it
    const found = message.tags.filter((each) => each[0] === "proof").map((each) => JSON.parse(each[1]));
    return found.filter((entry) => entry.pubkey === message.pubkey);
  } catch {
    return []; // another message, or junk by somebody
  }
}

/**
 * Why a chain of entries, sorted by seq, cannot be true; undefined if it holds. Its beginning may be private, or kept back
 * while notices were off: then it is verified from the first entry that is there, and the balance before is as signed.
 */
function fault(chain) {
  const first = Number(tag(chain[0], "seq"));
  let balance = first === 1 ? 0 : Number(tag(chain[0], "balance")) - Number(tag(chain[0], "points"));
  for (const [index, entry] of chain.entries()) {
    const [before, seq] = [chain[index - 1], first + index];
    balance += Number(tag(entry, "points"));
    if (Number(tag(entry, "seq")) !== seq) return `entry ${seq} is missing, or there are two of it`;
    if ((before || seq === 1) && tag(entry, "prev") !== before?.id) return `entry ${seq} does not follow from the one before`;
    if (Number(tag(entry, "balance")) !== balance) return `the balance of entry ${seq} does not add up`;
    if (before && entry.created_at < before.created_at) return `entry ${seq} is older than the one before`;
  }
  if (new Set(chain.map((entry) => tag(entry, "x"))).size < chain.length) return "one fact was counted twice";
}

/**
 * The entries of the newest beginning, and the others: a key that was forgotten and came back begins anew, with entry 1.
 * What is linked to a beginning belongs to it; what is linked to none belongs to the newest, unless it is older.
 */
function sinceTheNewestBeginning(entries) {
  const beginnings = new Map();
  for (const entry of entries) beginnings.set(entry.id, beginnings.get(tag(entry, "prev")) ?? entry);
  const firsts = entries.filter((entry) => tag(entry, "seq") === "1");
  const newest = firsts.toSorted((one, other) => other.created_at - one.created_at)[0];
  if (!newest) return [entries, []];
  const isOfIt = (entry) => {
    const beginning = beginnings.get(entry.id);
    if (beginning === newest || entry.created_at > newest.created_at) return true;
    return entry.created_at === newest.created_at && !firsts.includes(beginning);
  };
  return [entries.filter(isOfIt), entries.filter((entry) => !isOfIt(entry))];
}

/** Whether an entry is signed by the issuer of the program that it names, and about this guest. */
function isGenuine(entry) {
  return entry.kind === 7411 && verifyEvent(entry) && tag(entry, "p") === me && tag(entry, "a")?.split(":")[1] === entry.pubkey;
}

const inClear = await everything({ kinds: [7411], "#p": [me] }); // of public programs
const inWraps = (await everything({ kinds: [1059], "#p": [me] })).flatMap(proofs);
const chains = {};
for (const entry of [...inClear, ...inWraps].filter(isGenuine)) (chains[tag(entry, "a")] ??= new Map()).set(entry.id, entry);

let faults = 0;
for (const [address, found] of Object.entries(chains)) {
  const sorted = [...found.values()].sort((one, other) => tag(one, "seq") - tag(other, "seq"));
  const [chain, earlier] = sinceTheNewestBeginning(sorted);
  const [, issuer, slug] = address.split(":");
  const [rules] = await pool.querySync([relay], { kinds: [37411], authors: [issuer], "#d": [slug] });
  const name = (rules && tag(rules, "title")) ?? slug;
  const wrong = fault(chain);
  const last = chain.at(-1);
  faults += wrong ? 1 : 0;
  const entries = `${chain.length} ${chain.length === 1 ? "entry" : "entries"}`;
  show(`${name}: ${wrong ?? `${tag(last, "balance")} (${entries}, all in order)`}`);
  show(`  ${address}`); // a name can be anybody's, an address cannot
  if (!wrong) show(`  last: ${tag(last, "points")}  ${last.content}`);
  const first = Number(tag(chain[0], "seq"));
  if (first > 1) show(`  entries 1 to ${first - 1} are not here: write “history” to the program, and it sends them again`);
  if (earlier.length) show(`  ${earlier.length} of an earlier chain: this key was forgotten, and began anew`);
}
if (Object.keys(chains).length === 0) show("nothing yet");
process.exit(faults ? 1 : 0); // the pool leaves timers behind
