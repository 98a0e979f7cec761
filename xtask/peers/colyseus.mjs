// The scene on Colyseus: one room, a StateView per client that holds the nearest players, a patch every 50 ms.
// Usage: node colyseus.mjs PORT

import { Room, Server } from "@colyseus/core";
import { Encoder, MapSchema, Schema, StateView, defineTypes, view } from "@colyseus/schema";
import { WebSocketTransport } from "@colyseus/ws-transport";
import { HERTZ, PLAYERS, nearest } from "./scene.mjs";

// The default is too small for what changes in one period, and what does not fit is lost.
Encoder.BUFFER_SIZE = 4 * 1024 * 1024;

class Player extends Schema {}
defineTypes(Player, { x: "float32", z: "float32" });

class World extends Schema {
  constructor() {
    super();
    this.players = new MapSchema();
  }
}
defineTypes(World, { players: { map: Player } });
view()(World.prototype, "players");

class Scene extends Room {
  onCreate() {
    this.maxClients = PLAYERS;
    this.state = new World();
    this.patchRate = 1000 / HERTZ;
    this.seen = new Map();
    this.onMessage("move", (client, [x, z]) => {
      const player = this.state.players.get(client.sessionId);
      if (player) {
        player.x = x;
        player.z = z;
      }
    });
    this.setSimulationInterval(() => this.look(), 1000 / HERTZ);
  }

  onJoin(client) {
    const player = new Player();
    player.x = 0;
    player.z = 0;
    this.state.players.set(client.sessionId, player);
    client.view = new StateView();
    this.seen.set(client.sessionId, new Set());
  }

  onLeave(client) {
    this.state.players.delete(client.sessionId);
    this.seen.delete(client.sessionId);
  }

  look() {
    const players = [...this.state.players.values()];
    for (const client of this.clients) {
      const me = this.state.players.get(client.sessionId);
      const before = this.seen.get(client.sessionId);
      if (!me || !before) {
        continue;
      }
      const now = new Set(nearest(players, me));
      for (const player of before) {
        if (!now.has(player)) {
          client.view.remove(player);
        }
      }
      for (const player of now) {
        if (!before.has(player)) {
          client.view.add(player);
        }
      }
      this.seen.set(client.sessionId, now);
    }
  }
}

const server = new Server({ transport: new WebSocketTransport(), greet: false });
server.define("scene", Scene);
await server.listen(Number(process.argv[2]), "127.0.0.1");
console.log("listening");
