// NIP-04 by nostr-tools: reads [{ secret, pubkey, plaintext?, payload? }] from standard input and answers with the
// payload of each plaintext and the plaintext of each payload, in the same order.

import { readFileSync } from "node:fs";
import { nip04 } from "nostr-tools";

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ secret, pubkey, plaintext, payload }) =>
  payload === undefined ? nip04.encrypt(secret, pubkey, plaintext) : nip04.decrypt(secret, pubkey, payload),
);
console.log(JSON.stringify(await Promise.all(answers)));
