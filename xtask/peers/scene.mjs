// The scene that every server plays: players walk on a square map, each sees the nearest others. What is done the
// same way for every peer is here, so that they differ in nothing else.

export const PLAYERS = 300;
export const NEAREST = 50;
export const HERTZ = 20;
export const SIDE = 640;
const METRES_PER_STEP = 0.25;

/** Numbers from 0 to 1, the same ones in every run. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A player who walks straight on and turns at the border. */
export class Walker {
  constructor(number) {
    const next = random(number * 7919 + 1);
    this.x = next() * SIDE;
    this.z = next() * SIDE;
    this.angle = next() * Math.PI * 2;
  }

  step() {
    this.x += Math.cos(this.angle) * METRES_PER_STEP;
    this.z += Math.sin(this.angle) * METRES_PER_STEP;
    if (this.x < 0 || this.z < 0 || this.x > SIDE || this.z > SIDE) {
      this.angle += Math.PI;
    }
  }
}

/** The nearest others of one player: an array of players, by distance. */
export function nearest(players, me) {
  const others = [];
  for (const other of players) {
    if (other !== me) {
      const [x, z] = [other.x - me.x, other.z - me.z];
      others.push({ other, distance: x * x + z * z });
    }
  }
  others.sort((left, right) => left.distance - right.distance);
  return others.slice(0, NEAREST).map((entry) => entry.other);
}
