// NIP-44 by nostr-tools: reads [{ secret, pubkey, plaintext?, payload? }] from standard input and answers with the
// payload of each plaintext and the plaintext of each payload, in the same order.

import { readFileSync } from "node:fs";
import { nip44 } from "nostr-tools";

const answers = JSON.parse(readFileSync(0, "utf8")).map(({ secret, pubkey, plaintext, payload }) => {
  const key = nip44.getConversationKey(Buffer.from(secret, "hex"), pubkey);
  return payload === undefined ? nip44.encrypt(plaintext, key) : nip44.decrypt(payload, key);
});
console.log(JSON.stringify(answers));
