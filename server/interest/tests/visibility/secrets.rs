//! Everything that a client could try to learn what it may not: each answer is that of a world without the secret.

use ambit_interest::{Circle, ClientId, Delivery, QueryError, RuleError, Tier, check_rules};
use ambit_model::glam::Vec2;
use ambit_model::{Schema, Value};
use ambit_wire::LeaveReason;

use crate::world::{ITEM, PLAYER, World, schema};

fn world(item_rules: &[&str], player_rules: &[&str]) -> World {
    World::new(schema(item_rules, player_rules, false))
}

fn refused(sql: &str) -> QueryError {
    world(&[], &[]).subscribe(1, sql).expect_err(sql)
}

#[test]
fn a_private_column_is_a_column_that_is_not_there() {
    let texts = [
        "SELECT COLUMN FROM item",
        "SELECT id, i.COLUMN FROM item i",
        "SELECT * FROM item WHERE COLUMN = 3",
        "SELECT * FROM item WHERE NOT COLUMN < 3 OR zone = 1",
        "SELECT * FROM item WHERE COLUMN IN (1, 2)",
        "SELECT * FROM item WHERE COLUMN BETWEEN 1 AND 2",
        "SELECT * FROM item WHERE COLUMN LIKE 'a%'",
        "SELECT * FROM item WHERE COLUMN IS NULL",
        "SELECT * FROM item WHERE COLUMN",
        "SELECT * FROM item WHERE \"COLUMN\" = 3",
        "SELECT * FROM item WHERE item.COLUMN = :sender",
        "SELECT * FROM item WHERE ST_DWithin(COLUMN, ST_Point(1, 2), 3)",
        "SELECT * FROM item WHERE COLUMN && ST_MakeEnvelope(1, 2, 3, 4)",
        "SELECT i.* FROM item i JOIN player p ON i.COLUMN = p.id WHERE p.identity = :sender",
        "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.identity = :sender AND i.COLUMN = 1",
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.COLUMN, p.place, 5) WHERE p.id = 1",
        "SELECT p.* FROM player p JOIN item i ON p.id = i.owner WHERE i.COLUMN = 1",
        "SELECT * FROM item ORDER BY COLUMN",
        "SELECT * FROM item ORDER BY COLUMN LIMIT 3",
        "SELECT * FROM item ORDER BY zone, item.COLUMN DESC LIMIT 3",
        "SELECT * FROM item ORDER BY ST_Distance(COLUMN, ST_Point(1, 2)) LIMIT 3",
        "SELECT COUNT(COLUMN) FROM item",
        "SELECT MAX(COLUMN) FROM item",
    ];
    for text in texts {
        // Both names have as many letters, so that all places are the same.
        let (secret, nothing) = ("hidden_rank", "hidden_nope");
        let [of_secret, of_nothing] = [secret, nothing].map(|name| refused(&text.replace("COLUMN", name)));
        let told = of_nothing.to_string().replace(nothing, secret);
        assert_eq!(of_secret.to_string(), told, "{text}");
    }
    for text in
        ["SELECT nope FROM item", "SELECT nope FROM player", "SELECT * FROM item WHERE hidden_rank = 1"]
    {
        let told = refused(text).to_string().replace("`hidden_rank`", "");
        assert!(!told.contains("hidden"), "{told}");
    }
}

#[test]
fn a_change_of_private_columns_alone_is_told_to_nobody() {
    let mut world = world(&[], &[]);
    let (item, player) = (world.item(1, 1, 0.0, true, 3), world.player(1, 0.0, 1, 7));
    world.commit();
    let circle =
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 10) WHERE p.identity = :sender";
    let own = "SELECT q.* FROM player q JOIN player p ON ST_DWithin(q.place, p.place, 10) WHERE p.identity = :sender";
    let join = "SELECT i.* FROM item i JOIN player p ON i.zone = p.zone WHERE p.identity = :sender";
    world.subscribe(1, "SELECT * FROM item").unwrap();
    world.subscribe(1, own).unwrap();
    world.subscribe(2, "SELECT * FROM item WHERE zone = 1").unwrap();
    world.subscribe(3, "SELECT * FROM item WHERE zone = 1").unwrap();
    world.subscribe(1, circle).unwrap();
    assert!(world.subscribe(1, join).is_err(), "no index finds items by their zone");
    world.flush();
    assert_eq!(world.clients[&1].rows.len(), 2);
    for value in 0..5_u8 {
        world.set(ITEM, item, 5, Value::U16(value.into()));
        world.set(PLAYER, player, 4, Value::U32(value.into()));
        world.set(PLAYER, player, 5, Value::String("x".repeat(value.into())));
        world.commit();
        assert_eq!(world.flush(), [], "not even that something has happened");
    }
}

#[test]
fn clients_are_not_told_of_private_columns_tables_and_rules() {
    let schema = schema(
        &["hidden_rank < 4"],
        &["JOIN guild g ON player.id = g.member WHERE g.founder = :sender"],
        false,
    );
    let told = schema.for_clients();
    told.check().unwrap();
    let bytes = told.encode();
    assert_eq!(Schema::decode(&bytes).unwrap(), told);
    assert_eq!(told.for_clients(), told);
    for secret in ["hidden", "about hidden", "founder", "JOIN"] {
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!is_there, "{secret}");
    }
    for (own, told) in schema.tables.iter().zip(&told.tables).filter(|(own, _)| own.public) {
        assert!(told.visible.is_empty());
        let offsets = |layout: &ambit_model::RowLayout| -> Vec<(usize, usize)> {
            layout.columns().iter().map(|column| (column.offset, column.size)).collect()
        };
        assert_eq!(
            offsets(&told.layout()),
            offsets(&own.layout()),
            "`{}` has its columns in place",
            own.name
        );
    }
    let [guild, item, player] = &told.tables[..] else { panic!("three tables") };
    assert!(guild.columns.is_empty() && guild.indexes.is_empty());
    let indexes: Vec<&str> = item.indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(indexes, ["index0", "index1", "index3"]);
    assert!(player.layout().is_fixed(), "a private text does not make rows longer");
}

#[test]
fn a_circle_around_a_hidden_row_and_a_join_with_one_show_nothing() {
    let mut world = world(&[], &["identity = :sender"]);
    world.player(2, 0.0, 1, 1);
    let item = world.item(1, 1, 0.0, true, 3);
    world.commit();
    let around = "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 10) WHERE p.id = 1";
    let joined = "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.id = 1";
    for sql in [around, joined] {
        for client in [1, 2] {
            world.subscribe(client, sql).unwrap();
        }
    }
    world.flush();
    assert_eq!(
        [1, 2].map(|client| world.clients[&client].rows.len()),
        [0, 1],
        "its own row is around the second"
    );
    world.set(PLAYER, 0, 1, Value::Identity(crate::world::identity(1)));
    world.commit();
    let updates = world.flush();
    assert_eq!([1, 2].map(|client| world.clients[&client].rows.len()), [1, 0]);
    assert_eq!(updates.len(), 2);
    world.delete(ITEM, item);
    world.commit();
    assert_eq!(world.flush().len(), 1, "who sees nothing is not told that it is gone");
}

#[test]
fn a_row_that_is_hidden_leaves_as_not_permitted_whatever_else_happens_to_it() {
    let rule = "JOIN player p ON item.owner = p.id WHERE p.identity = :sender";
    for rules in [&["shared"][..], &["shared", rule], &["hidden_rank = 3"]] {
        let mut world = world(rules, &[]);
        world.player(2, 0.0, 1, 1);
        let item = world.item(9, 1, 0.0, true, 3);
        world.commit();
        world.subscribe(1, "SELECT * FROM item WHERE zone = 1").unwrap();
        world.subscribe(2, "SELECT * FROM item WHERE ST_DWithin(place, ST_Point(0, 0), 5)").unwrap();
        world.flush();
        assert_eq!(world.clients[&1].rows.len(), 1);
        world.set(ITEM, item, 4, Value::Bool(false));
        world.set(ITEM, item, 5, Value::U16(4));
        // That it would not match any more either is nobody's business.
        world.set(ITEM, item, 2, Value::U8(2));
        world.set(ITEM, item, 3, Value::Vec2(Vec2::new(50.0, 0.0)));
        world.commit();
        // The world checks the reasons.
        let updates = world.flush();
        assert_eq!(updates.len(), 2);
        for update in updates {
            assert_eq!(update.blocks.last(), Some(&(LeaveReason::NotPermitted as u8)));
        }
    }
}

#[test]
fn a_row_that_was_hidden_and_is_deleted_is_told_to_nobody() {
    let mut world = world(&["shared"], &[]);
    let item = world.item(1, 1, 0.0, false, 3);
    world.commit();
    world.subscribe(1, "SELECT * FROM item").unwrap();
    world.flush();
    for zone in 0..3 {
        world.set(ITEM, item, 2, Value::U8(zone));
        world.commit();
        assert_eq!(world.flush(), []);
    }
    world.delete(ITEM, item);
    world.commit();
    assert_eq!(world.flush(), []);
}

/// More rows than a subscription may hang on end it. Those that the client may not see are no reason.
#[test]
fn hidden_rows_are_not_counted_at_the_ends_of_a_query() {
    let mut world = world(&[], &["identity = :sender"]);
    for _ in 0..2 * ambit_interest::limits::OBSERVERS_PER_CIRCLE_MAX {
        world.player(2, 0.0, 1, 1);
    }
    world.player(1, 0.0, 1, 1);
    world.item(1, 1, 0.0, true, 3);
    world.commit();
    let two = format!("X'{}'", "02".repeat(32));
    let around = format!(
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 10) WHERE p.identity = {two}"
    );
    world.subscribe(1, &around).unwrap();
    assert!(world.flush().iter().all(|update| update.refused.is_empty()));
    assert_eq!(world.clients[&1].rows.len(), 0);
}

#[test]
fn a_rule_that_cannot_be_read_is_refused_with_its_place() {
    let wrong = |rule: &str| -> RuleError {
        let mut schema = schema(&["shared"], &[], false);
        schema.tables[1].visible.push(rule.to_owned());
        check_rules(&schema).expect_err(rule)
    };
    let told = |rule: &str| wrong(rule).to_string();
    assert_eq!(
        told("owner = 1 AND colour = 3"),
        "table `item`, rule 2 of visibility, line 1, column 15: table `item` has no column `colour`; its columns are: \
         id, owner, zone, place, shared, hidden_rank, name"
    );
    assert_eq!(
        told("JOIN player p\n ON item.owner = p.id"),
        "table `item`, rule 2 of visibility, line 1, column 13: `p`, the end of a join, is not narrowed to a few rows; add \
         a condition such as p.identity = :sender, or = on all columns of a unique index"
    );
    for rule in [
        "owner = :sender",
        "zone = :zone",
        "shared; SELECT 1",
        "shared UNION SELECT * FROM item",
        "shared ORDER BY id",
        "shared LIMIT 1",
        "shared) OR (shared",
        "JOIN nowhere n ON item.id = n.id WHERE n.id = 1",
        "LEFT JOIN player p ON item.owner = p.id",
        "EXISTS (SELECT 1)",
        "WHERE shared",
        "-- nothing",
        "'",
    ] {
        let error = wrong(rule);
        assert_eq!((error.table.as_str(), error.rule), ("item", 2), "{rule}");
        assert!(error.error.line >= 1 && error.error.column >= 1);
        // Clients of a database that has such a rule all the same see nothing, and are not told what it says.
        let mut schema = schema(&["shared"], &[], false);
        schema.tables[1].visible = vec![rule.to_owned()];
        let mut world = World::new(schema);
        let refused = world.subscribe(1, "SELECT * FROM item");
        assert_eq!(refused, Err(QueryError::UnreadableRule("item".into())), "{rule}");
    }
}

#[test]
fn schemas_whose_rules_or_private_columns_are_impossible_are_refused() {
    let refused = |change: &dyn Fn(&mut Schema)| {
        let mut schema = schema(&[], &[], false);
        change(&mut schema);
        schema.check().unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|schema| schema.tables[1].columns[0].private = true),
        "table `item`, column `id`: a private column cannot belong to the primary key, by which clients know the row; use \
         a unique index"
    );
    let all_private = |schema: &mut Schema| {
        schema.tables[1].primary = None;
        schema.tables[1].columns.iter_mut().for_each(|column| column.private = true);
    };
    assert_eq!(
        refused(&all_private),
        "table `item`: all its columns are private; do not declare it `public` then"
    );
    assert!(
        refused(&|schema| schema.tables[0].visible = vec!["rank = 1".into()]).contains("without `public`")
    );
    assert!(refused(&|schema| schema.tables[1].visible = vec!["shared".into(); 9]).contains("at most 8"));
    for rule in [" ".into(), "x".repeat(5_000)] {
        assert!(refused(&|schema| schema.tables[1].visible = vec![rule.clone()]).contains("1 to 4096 bytes"));
    }
}

#[test]
fn what_cannot_be_evaluated_is_refused_and_never_shown_unfiltered() {
    let near = "JOIN player p ON ST_DWithin(item.place, p.place, 12) WHERE p.identity = :sender";
    let mut world = world(&[near], &[]);
    let circle =
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 10) WHERE p.identity = :sender";
    let join = "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.identity = :sender";
    for sql in [circle, join] {
        assert_eq!(world.subscribe(1, sql), Err(QueryError::RuledOut("item".into())));
    }
    // A subscription that a new rule makes impossible ends, and is told why.
    let mut world = self::world(&[], &[]);
    world.player(1, 0.0, 1, 1);
    world.item(1, 1, 0.0, true, 3);
    world.commit();
    world.subscribe(1, circle).unwrap();
    world.flush();
    assert_eq!(world.clients[&1].rows.len(), 1);
    world.migrate(schema(&[near], &[], false));
    assert!(world.clients[&1].subscriptions.is_empty() && world.clients[&1].rows.is_empty());
}

/// A tier that names a private column was taken, one that names no column was not.
#[test]
fn a_tier_cannot_tell_a_private_column_from_none() {
    let mut world = world(&[], &[]);
    let mut answer = |column: &str| {
        let tiers = vec![Tier { distance: 5.0, rate: 1.0, columns: vec![column.into()] }];
        let sql = "SELECT * FROM item WHERE ST_DWithin(place, ST_Point(0, 0), 5)";
        world.subscribe_as(1, sql, &Delivery { tiers, ..Delivery::default() }).expect_err(column).to_string()
    };
    assert_eq!(answer("hidden_rank"), answer("hidden_nope").replace("nope", "rank"));
}

/// A row may be kept longer than it is in the circle that was asked for, not longer than it may be seen.
#[test]
fn hysteresis_does_not_reach_beyond_a_rule() {
    let circle = "ST_DWithin(place, ST_Point(0, 0), 5)";
    let around =
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 5) WHERE p.identity = :sender";
    let same = format!("SELECT * FROM item WHERE {circle}");
    let wider = "SELECT * FROM item WHERE ST_DWithin(place, ST_Point(0, 0), 9)";
    for sql in [around, same.as_str(), wider] {
        let mut world = world(&[circle], &[]);
        world.player(1, 0.0, 1, 1);
        let item = world.item(1, 1, 1.0, true, 3);
        world.commit();
        world.subscribe_as(1, sql, &Delivery { hysteresis: 10.0, ..Delivery::default() }).unwrap();
        world.flush();
        assert_eq!(world.clients[&1].rows.len(), 1);
        world.set(ITEM, item, 3, Value::Vec2(Vec2::new(6.0, 0.0)));
        world.commit();
        let updates = world.flush();
        assert_eq!(updates[0].blocks.last(), Some(&(LeaveReason::NotPermitted as u8)), "{sql}");
        assert!(world.clients[&1].rows.is_empty());
    }
}

/// Rows that were shown before a publish stayed for ever when the new rule depends on too many others.
#[test]
fn a_new_rule_that_depends_on_too_many_rows_ends_the_subscription() {
    for before in [&[][..], &["shared"]] {
        let mut world = world(before, &[]);
        world.item(1, 1, 0.0, true, 3);
        (0..2 * ambit_interest::limits::OBSERVERS_PER_CIRCLE_MAX).for_each(|_| _ = world.guild(1, 1));
        world.commit();
        world.subscribe(1, "SELECT * FROM item").unwrap();
        world.flush();
        assert_eq!(world.clients[&1].rows.len(), 1);
        world.migrate(schema(
            &["JOIN guild g ON item.owner = g.member WHERE g.founder = :sender"],
            &[],
            false,
        ));
        assert!(world.clients[&1].subscriptions.is_empty() && world.clients[&1].rows.is_empty());
    }
}

/// Circles are told as the query says, whatever rules ask besides.
#[test]
fn what_is_in_force_tells_nothing_of_rules() {
    let rules = [
        "shared AND ST_DWithin(place, ST_Point(0, 0), 1000)",
        "JOIN player p ON ST_DWithin(item.place, p.place, 30) WHERE p.id = 2",
        "JOIN player p ON item.owner = p.id WHERE p.identity = :sender",
    ];
    let around = |x, radius| Circle { centre: [x, 0.0, 0.0], radius };
    let own_circle = "SELECT * FROM item WHERE ST_DWithin(place, ST_Point(3, 0), 9)";
    let moving =
        "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 20) WHERE p.identity = :sender";
    let hidden = "SELECT i.* FROM item i JOIN player p ON ST_DWithin(i.place, p.place, 20) WHERE p.id = 2";
    let join = "SELECT i.* FROM item i JOIN player p ON i.owner = p.id WHERE p.identity = :sender \
                AND ST_DWithin(i.place, ST_Point(5, 0), 7)";
    for (rules, sql, rows, circles) in [
        (&rules[..], "SELECT * FROM item", 3, vec![]),
        (&rules[..], own_circle, 2, vec![around(3.0, 9.0)]),
        (&rules[1..2], own_circle, 2, vec![around(3.0, 9.0)]),
        (&rules[..1], own_circle, 1, vec![around(3.0, 9.0)]),
        (&rules[..1], moving, 1, vec![around(0.0, 20.0)]),
        // The other player is hidden, and so is the circle around it.
        (&rules[..1], hidden, 0, vec![]),
        (&rules[2..], join, 1, vec![around(5.0, 7.0)]),
        (&rules[..], "SELECT * FROM item ORDER BY id LIMIT 2", 2, vec![]),
    ] {
        let mut world = world(rules, &["identity = :sender"]);
        world.player(1, 0.0, 1, 0);
        world.player(2, 25.0, 1, 7);
        world.item(1, 1, 4.0, false, 0);
        world.item(2, 1, 5.0, true, 0);
        world.item(2, 1, 900.0, true, 0);
        world.item(2, 1, 800.0, false, 0);
        world.commit();
        let number = world.subscribe(1, sql).unwrap();
        world.follower.inspect(ClientId(1), number).unwrap();
        let told = world.flush().remove(0).inspections.remove(0);
        assert_eq!((told.rows, told.circles), (rows, circles), "{sql} under {rules:?}");
    }
}
