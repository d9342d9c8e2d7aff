// An order system, as a maker of tills would write it: reports a paid order and shows what the loyalty program says.
//
//     node order_system.mjs ws://127.0.0.1:7777 37411:<D>:cafe-sol till.key A-17 12500 sat [npub of the guest]
//
// Needs `npm install` in this folder, and the till's npub under the program's `sources`. Without a guest the answer
// brings a claim code for the receipt. Run again with the same order id as often as you like: an order counts once.

import { readFileSync } from "node:fs";
import WebSocket from "ws";
import { finalizeEvent, getPublicKey, nip19, nip59 } from "nostr-tools";
import { SimplePool, useWebSocketImplementation } from "nostr-tools/pool";

const TRIES = 3;
const ANSWER_WITHIN_MS = 10_000;

const [relay, program, keyFile, orderId, amount, unit, guest] = process.argv.slice(2);
const till = nip19.decode(readFileSync(keyFile, "utf8").trim()).data;
const issuer = program.split(":")[1];
const tags = [
  ["p", issuer], ["a", program], ["order", orderId], ["status", "paid"], ["amount", amount, unit],
  ["paid_at", String(Math.floor(Date.now() / 1000))],
];
if (guest) tags.push(["customer_pubkey", nip19.decode(guest).data]);

useWebSocketImplementation(WebSocket);
const pool = new SimplePool();
const onauth = async (template) => finalizeEvent(template, till); // relays may ask for a login
const tag = (message, name) => message.tags.find((each) => each[0] === name)?.[1];

/** Send the order as a new message; its answer, or undefined if none came in time. */
async function report() {
  const order = nip59.createRumor({ kind: 7412, content: "", tags }, till);
  let heard;
  const answer = new Promise((resolve) => { heard = resolve; });
  const onevent = (wrap) => {
    let message;
    try {
      message = nip59.unwrapEvent(wrap, till); // proves who wrote it
    } catch {
      return; // junk by somebody
    }
    if (message.pubkey === issuer && tag(message, "e") === order.id) heard(message);
  };
  // Listen first. One stored event is enough: an answer that is not heard now comes again with the next try.
  const mine = { kinds: [1059], "#p": [getPublicKey(till)], limit: 1 };
  const listening = pool.subscribeMany([relay], mine, { onevent, onauth });
  const late = setTimeout(heard, ANSWER_WITHIN_MS);
  const wrap = nip59.createWrap(nip59.createSeal(order, till, issuer), issuer);
  await Promise.allSettled(pool.publish([relay], wrap, { onauth }));
  const found = await answer;
  clearTimeout(late);
  listening.close();
  return found;
}

let answer;
for (let tries = 0; tries < TRIES && !answer; tries += 1) answer = await report(); // each time a new event
if (answer) {
  console.log(answer.content);
  if (tag(answer, "claim")) console.log(`claim code for the receipt: ${tag(answer, "claim")}`);
} else {
  console.error("no answer; nothing is lost: run it again later, with the same order id");
}
process.exit(answer && tag(answer, "result") !== "rejected" ? 0 : 1);
