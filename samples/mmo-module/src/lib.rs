//! A small MMO as an Ambit module: players walk, talk and fight, monsters wander and chase, items lie about.
//!
//! Read it as a model for a game of your own. Each file holds what belongs together: its tables, then the
//! reducers that change them. Clients see the tables marked `public`; usually those rows that are near their
//! own player: `SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80)
//! WHERE p.identity = :sender`.

mod map;

mod player;

mod monster;

mod item;

mod chat;
