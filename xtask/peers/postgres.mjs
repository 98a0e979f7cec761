// The scene on PostgreSQL: a step is an UPDATE with a NOTIFY, a Node server listens, and sends every client the rows of the
// nearest players that have changed, as JSON, every 50 ms.
// Usage: node postgres.mjs PORT CONNECTION_STRING

import pg from "pg";
import { WebSocketServer } from "ws";
import { HERTZ, nearest } from "./scene.mjs";

const [port, connectionString] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 8 });
await pool.query(`
  CREATE TABLE IF NOT EXISTS player (id int PRIMARY KEY, x real NOT NULL, z real NOT NULL);
  CREATE OR REPLACE FUNCTION tell() RETURNS trigger AS $$
    BEGIN PERFORM pg_notify('moved', NEW.id || ' ' || NEW.x || ' ' || NEW.z); RETURN NEW; END
  $$ LANGUAGE plpgsql;
  CREATE OR REPLACE TRIGGER moved AFTER INSERT OR UPDATE ON player FOR EACH ROW EXECUTE FUNCTION tell();
`);

const players = new Map();
const listener = new pg.Client({ connectionString });
await listener.connect();
listener.on("notification", ({ payload }) => {
  const [id, x, z] = payload.split(" ").map(Number);
  const player = players.get(id) ?? { id };
  Object.assign(player, { x, z, version: (player.version ?? 0) + 1 });
  players.set(id, player);
});
await listener.query("LISTEN moved");

const UPSERT = {
  name: "step",
  text: "INSERT INTO player VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET x = EXCLUDED.x, z = EXCLUDED.z",
};
const clients = new Set();
let next = 0;
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port), perMessageDeflate: false });
server.on("connection", (socket) => {
  const client = { id: next++, socket, sent: new Map() };
  clients.add(client);
  socket.on("message", (data) => {
    const [x, z] = JSON.parse(data);
    pool.query({ ...UPSERT, values: [client.id, x, z] }).catch((error) => console.error(error.message));
  });
  socket.on("close", () => clients.delete(client));
});

setInterval(() => {
  const all = [...players.values()];
  for (const client of clients) {
    const me = players.get(client.id);
    if (!me) {
      continue;
    }
    const now = nearest(all, me);
    const rows = now.filter((player) => client.sent.get(player.id) !== player.version);
    const seen = new Map(now.map((player) => [player.id, player.version]));
    const gone = [...client.sent.keys()].filter((id) => !seen.has(id));
    client.sent = seen;
    if (rows.length > 0 || gone.length > 0) {
      client.socket.send(JSON.stringify({ rows: rows.map(({ id, x, z }) => [id, x, z]), gone }));
    }
  }
}, 1000 / HERTZ);
console.log("listening");
