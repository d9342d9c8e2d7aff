// A relay of npm's @nostr-relay packages on 127.0.0.1, for the relay contract.
// Usage: node server.js PORT DATABASE_FILE   prints "READY <url>" once it listens.
"use strict";
const { createOutgoingNoticeMessage } = require("@nostr-relay/common");
const { NostrRelay } = require("@nostr-relay/core");
const { EventRepositorySqlite } = require("@nostr-relay/event-repository-sqlite");
const { Validator } = require("@nostr-relay/validator");
const { WebSocketServer } = require("ws");

const [port, file] = process.argv.slice(2);

async function main() {
  const repository = new EventRepositorySqlite(file);
  await repository.init();
  const relay = new NostrRelay(repository);
  const validator = new Validator();
  const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });

  server.on("connection", (socket) => {
    relay.handleConnection(socket);
    socket.on("message", async (data) => {
      try {
        await relay.handleMessage(socket, await validator.validateIncomingMessage(data));
      } catch (error) {
        socket.send(JSON.stringify(createOutgoingNoticeMessage(String(error.message))));
      }
    });
    socket.on("close", () => relay.handleDisconnect(socket));
    socket.on("error", () => {});
  });
  server.on("listening", () => console.log(`READY ws://127.0.0.1:${port}`));
  setInterval(() => process.ppid === 1 && process.exit(0), 1000).unref();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
