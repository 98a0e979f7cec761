// The players of a peer's scene. Says as JSON how many bytes a client received per second and how many rows it saw.
// Usage: node load.mjs colyseus|postgres PORT SECONDS

import { Client } from "colyseus.js";
import WebSocket from "ws";
import { HERTZ, PLAYERS, Walker } from "./scene.mjs";

const [peer, port, seconds] = process.argv.slice(2);

async function joinColyseus() {
  const room = await new Client(`ws://127.0.0.1:${port}`).joinOrCreate("scene");
  let updates = 0;
  room.onStateChange(() => updates++);
  return {
    move: (x, z) => room.send("move", [x, z]),
    bytes: () => room.connection.transport.ws._socket.bytesRead,
    seen: () => room.state.players?.size ?? 0,
    updates: () => updates,
  };
}

async function joinPostgres() {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const seen = new Map();
  let updates = 0;
  socket.on("message", (data) => {
    const { rows, gone } = JSON.parse(data);
    rows.forEach(([id, x, z]) => seen.set(id, [x, z]));
    gone.forEach((id) => seen.delete(id));
    updates++;
  });
  return {
    move: (x, z) => socket.send(JSON.stringify([x, z])),
    bytes: () => socket._socket.bytesRead,
    seen: () => seen.size,
    updates: () => updates,
  };
}

const players = [];
for (let number = 0; number < PLAYERS; number++) {
  const client = await (peer === "colyseus" ? joinColyseus() : joinPostgres());
  players.push({ client, walker: new Walker(number) });
}
const sum = (read) => players.reduce((total, { client }) => total + read(client), 0);
let turn = 0;
// Spread over the period, as people are.
const PARTS = 10;
setInterval(() => {
  players.forEach(({ client, walker }, number) => {
    if (number % PARTS === turn) {
      walker.step();
      client.move(walker.x, walker.z);
    }
  });
  turn = (turn + 1) % PARTS;
}, 1000 / HERTZ / PARTS);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
await pause(2000);
console.error("playing");
const before = { bytes: sum((client) => client.bytes()), updates: sum((client) => client.updates()), at: Date.now() };
await pause(seconds * 1000);
const passed = (Date.now() - before.at) / 1000;
console.log(JSON.stringify({
  bytes_per_s_per_client: (sum((client) => client.bytes()) - before.bytes) / passed / PLAYERS,
  updates_per_s_per_client: (sum((client) => client.updates()) - before.updates) / passed / PLAYERS,
  others_in_sight: sum((client) => client.seen()) / PLAYERS,
}));
process.exit(0);
