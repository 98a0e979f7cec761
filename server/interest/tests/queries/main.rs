//! What subscriptions take and refuse, with the place in the text and the remedy; and that no text does harm.

use std::sync::Arc;

use ambit_interest::limits::SQL_BYTES_MAX;
use ambit_interest::{ClientId, Follower, QueryError};
use ambit_model::{
    ColumnSchema, ColumnType, ConnectionId, EnumType, Identity, IndexKind, IndexSchema, Schema, TableSchema,
    Timestamp, Variant,
};
use proptest::prelude::*;

fn follower() -> Follower {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let variant = |name: &str| Variant { name: name.into(), fields: Vec::new() };
    let kind = EnumType { name: "Kind".into(), variants: vec![variant("Orc"), variant("Elf")] };
    let table = |name: &str, public, position: ColumnType| TableSchema {
        name: name.into(),
        public,
        columns: vec![
            column("id", ColumnType::U32),
            column("identity", ColumnType::Identity),
            column("connection", ColumnType::ConnectionId),
            column("position", position),
            column("zone", ColumnType::U8),
            column("hp", ColumnType::I16),
            column("speed", ColumnType::F32),
            column("alive", ColumnType::Bool),
            column("name", ColumnType::String),
            column("kind", ColumnType::Enum(Arc::new(kind.clone()))),
            column("weapon", ColumnType::Option(Box::new(ColumnType::U8))),
            column("uuid", ColumnType::Uuid),
            column("big", ColumnType::U128),
            column("blob", ColumnType::Bytes),
            column("born", ColumnType::Timestamp),
        ],
        indexes: vec![IndexSchema {
            name: "id".into(),
            columns: vec![0],
            kind: IndexKind::Hash,
            unique: true,
        }],
        primary: Some(0),
        doc: String::new(),
        ..TableSchema::default()
    };
    let tables = vec![
        table("player", true, ColumnType::Vec3),
        table("monster", true, ColumnType::DVec3),
        table("flat", true, ColumnType::Vec2),
        table("secret", false, ColumnType::Vec3),
    ];
    let mut follower = Follower::new(Arc::new(Schema { tables, reducers: Vec::new(), ..Schema::default() }));
    follower.connect(ClientId(1), Identity([1; 32]), ConnectionId([2; 16]));
    follower
}

fn subscribe(sql: &str) -> Result<(), QueryError> {
    follower().subscribe(ClientId(1), 1, sql, 0.0, Timestamp(0))
}

#[test]
fn these_are_possible() {
    for sql in [
        "SELECT * FROM player",
        "select * from PLAYER;",
        "SELECT p.* FROM player AS p WHERE p.zone = 3 AND (p.hp > -5 AND 7 >= hp)",
        "SELECT * FROM player WHERE identity = :sender AND connection = :connection",
        "SELECT * FROM player WHERE zone <> 3 AND hp != -32768 AND hp BETWEEN -1 AND 5",
        "SELECT * FROM player WHERE speed < 0.5 AND speed >= -1e3",
        "SELECT * FROM player WHERE alive AND NOT alive AND alive = TRUE",
        "SELECT * FROM player WHERE name = 'it''s' AND name < 'z' AND kind = 'Orc' AND 'Elf' <> kind",
        "SELECT * FROM player WHERE identity = '0xabababababababababababababababababababababababababababababababab'",
        "SELECT * FROM player WHERE identity = X'abababababababababababababababababababababababababababababababab'",
        "SELECT * FROM player WHERE uuid = '00112233-4455-6677-8899-aabbccddeeff' AND blob = X'00ff'",
        "SELECT * FROM player WHERE big = 340282366920938463463374607431768211455 AND born > -5",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, -2.5, 3e2), 80)",
        "SELECT * FROM flat WHERE st_dwithin(ST_Point(1, 2), position, 0)",
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) \
         WHERE p.identity = :sender AND m.zone = p.zone AND p.alive AND m.hp > 0",
        "SELECT a.* FROM player a INNER JOIN player b ON b.id = 7 AND a.name = b.name \
         WHERE ST_DWithin(b.position, a.position, 5.5)",
    ] {
        assert_eq!(subscribe(sql), Ok(()), "{sql}");
    }
}

#[track_caller]
fn refused(sql: &str, expected: &str) {
    let error = subscribe(sql).expect_err(sql).to_string();
    assert_eq!(error, expected, "{sql}");
}

#[test]
fn these_are_refused_with_a_remedy() {
    refused(
        "SELECT * FROM secret",
        "line 1, column 15: table `secret` is private; declare it `public` in the module, or use one of: player, monster, flat",
    );
    refused(
        "SELECT *\nFROM nowhere",
        "line 2, column 6: there is no table `nowhere`; the public tables are: player, monster, flat",
    );
    refused(
        "SELECT * FROM player WHERE zone = 256",
        "line 1, column 35: 256 is no value of type u8; use a whole number from 0 to 255",
    );
    refused(
        "SELECT * FROM player WHERE zone = 1 OR zone = 2",
        "line 1, column 28: OR is not possible; subscribe to each alternative by itself",
    );
    refused(
        "SELECT * FROM player WHERE kind = 'Troll'",
        "line 1, column 35: enum `Kind` has no variant 'Troll'; its variants are: 'Orc', 'Elf'",
    );
    refused(
        "SELECT * FROM player WHERE id = :sender",
        "line 1, column 33: :sender is of type Identity, the column of type u32; compare :sender with a column of type Identity",
    );
    refused(
        "SELECT * FROM flat WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), 5)",
        "line 1, column 47: the point has 3 coordinates, the column 2; write ST_MakePoint with 2 numbers",
    );
    refused(
        "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, 80) WHERE m.zone = p.zone",
        "line 1, column 1: the circles' centre is not narrowed to a few rows of `player`; \
         add a condition such as p.identity = :sender, or = on all columns of a unique index",
    );
    refused(
        "SELECT * FROM player ORDER BY id",
        "line 1, column 1: ORDER BY is not possible in a subscription; \
         write SELECT * FROM table WHERE …; sort and count in the client",
    );
}

#[test]
fn nothing_else_is_possible() {
    for sql in [
        "",
        ";",
        "SELECT",
        "SELECT 1",
        "SELECT id FROM player",
        "SELECT *, id FROM player",
        "SELECT DISTINCT * FROM player",
        "SELECT * FROM player LIMIT 5",
        "SELECT * FROM player FOR UPDATE",
        "SELECT * FROM player GROUP BY id",
        "SELECT * FROM player, monster",
        "SELECT * FROM (SELECT * FROM player) p",
        "SELECT * INTO other FROM player",
        "SELECT TOP 5 * FROM player",
        "SELECT * FROM player; SELECT * FROM player",
        "SELECT * FROM player UNION SELECT * FROM player",
        "WITH a AS (SELECT * FROM player) SELECT * FROM a",
        "INSERT INTO player VALUES (1)",
        "DROP TABLE player",
        "SELECT * FROM player WHERE weapon = 1",
        "SELECT * FROM player WHERE weapon IS NULL",
        "SELECT * FROM player WHERE position = 1",
        "SELECT * FROM player WHERE zone = NULL",
        "SELECT * FROM player WHERE zone = 1.5",
        "SELECT * FROM player WHERE zone = 'one'",
        "SELECT * FROM player WHERE zone = hp",
        "SELECT * FROM player WHERE zone = -1",
        "SELECT * FROM player WHERE speed = 1e999",
        "SELECT * FROM player WHERE alive > FALSE",
        "SELECT * FROM player WHERE name = :name",
        "SELECT * FROM player WHERE name LIKE 'a%'",
        "SELECT * FROM player WHERE id IN (1, 2)",
        "SELECT * FROM player WHERE zone",
        "SELECT * FROM player WHERE 1 = 1",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), -5)",
        "SELECT * FROM player WHERE ST_DWithin(position, position, 5)",
        "SELECT * FROM player WHERE ST_DWithin(zone, ST_Point(1, 2), 5)",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), zone)",
        "SELECT * FROM player WHERE ST_DWithin(position, ST_MakePoint(1, 2, 3), 1e999)",
        "SELECT * FROM player WHERE identity = '0x12'",
        "SELECT p.* FROM player p JOIN monster m ON p.id = m.id WHERE p.identity = :sender",
        "SELECT * FROM player p JOIN monster m ON ST_DWithin(p.position, m.position, 5) WHERE p.identity = :sender",
        "SELECT m.* FROM flat m JOIN player p ON ST_DWithin(p.position, m.position, 5) WHERE p.identity = :sender",
        "SELECT m.* FROM monster m LEFT JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT m.* FROM monster m JOIN secret p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE id = 1",
        "SELECT m.* FROM player m JOIN player p ON ST_DWithin(m.position, p.position, 5) WHERE p.id = 1 AND m.speed = p.speed",
        "SELECT m.* FROM player m JOIN player m ON ST_DWithin(m.position, m.position, 5) WHERE m.id = 1",
    ] {
        assert!(matches!(subscribe(sql), Err(QueryError::Text(_))), "{sql}");
    }
}

#[test]
fn subscriptions_are_bounded() {
    let mut follower = follower();
    let mut subscribe =
        |number, sql: &str, rate| follower.subscribe(ClientId(1), number, sql, rate, Timestamp(0));
    let sql = "SELECT * FROM player WHERE ";
    let deep = format!("{sql}{}zone = 1{}", "(".repeat(1_000), ")".repeat(1_000));
    let wide = format!("{sql}zone = 1{}", " AND zone = 1".repeat(100));
    let long = format!("{sql}name = '{}'", "x".repeat(SQL_BYTES_MAX));
    for sql in [deep, wide, long] {
        assert!(matches!(subscribe(1, &sql, 0.0), Err(QueryError::Text(_))));
    }
    for rate in [f32::NAN, -1.0, f32::NEG_INFINITY] {
        assert!(matches!(subscribe(1, "SELECT * FROM player", rate), Err(QueryError::Rate(_))));
    }
    for number in 0..256 {
        assert_eq!(subscribe(number, "SELECT * FROM player", 0.001), Ok(()));
    }
    assert_eq!(subscribe(255, "SELECT * FROM player", 0.0), Err(QueryError::SubscriptionInUse(255)));
    assert_eq!(subscribe(256, "SELECT * FROM player", 0.0), Err(QueryError::TooManySubscriptions));
    assert_eq!(
        follower.subscribe(ClientId(2), 1, "SELECT * FROM player", 0.0, Timestamp(0)),
        Err(QueryError::UnknownClient)
    );
}

const WORDS: [&str; 56] = [
    "SELECT",
    "*",
    "FROM",
    "player",
    "monster",
    "m",
    "p",
    "m.*",
    "JOIN",
    "ON",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "(",
    ")",
    ",",
    "=",
    "<",
    "<>",
    ">=",
    "ST_DWithin",
    "ST_Point",
    "ST_MakePoint",
    "position",
    "m.position",
    "p.position",
    "zone",
    "hp",
    "speed",
    "name",
    ":sender",
    ":connection",
    "'x'",
    "1",
    "-1",
    "0.5",
    "1e400",
    "NULL",
    "BETWEEN",
    "+",
    "-",
    "||",
    "!",
    "::",
    "int",
    "IS",
    "IN",
    "CASE",
    "WHEN",
    "UNION",
    "[",
    "]",
    ".",
    ";",
    "LEFT",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in any::<String>()) {
        let _ = subscribe(&text);
        let _ = subscribe(&format!("SELECT * FROM player WHERE {text}"));
    }

    #[test]
    fn any_words_have_an_answer(words in prop::collection::vec(prop::sample::select(WORDS.as_slice()), 0..200)) {
        let text = words.join(" ");
        for sql in [
            text.clone(),
            format!("SELECT * FROM player WHERE {text}"),
            format!("SELECT m.* FROM monster m JOIN player p ON {text}"),
        ] {
            if let Err(error) = subscribe(&sql) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// A chain of operators is a tree as deep as it is long; copying and dropping one used to overflow the stack.
#[test]
fn long_chains_have_an_answer_on_a_small_stack() {
    let chain = |head: &str, link: &str| {
        let mut sql = head.to_owned();
        while sql.len() + link.len() <= SQL_BYTES_MAX {
            sql.push_str(link);
        }
        sql
    };
    let head = "SELECT * FROM player WHERE level";
    let links = [
        "+1",
        "-1",
        "!",
        "::int",
        "[1]",
        " IS NULL",
        "||1",
        " AND 1",
        " OR 1",
        "=1",
        " COLLATE x",
        "->1",
        ".a",
        "*-1",
        " IN(1)",
        " LIKE 1",
        " AT TIME ZONE 1",
    ];
    let mut queries: Vec<String> = links.iter().map(|link| chain(head, link)).collect();
    for (head, link) in [
        ("SELECT * FROM player WHERE ", "NOT "),
        ("SELECT * FROM player WHERE ", "-"),
        ("SELECT * FROM player WHERE ", "("),
        ("SELECT * FROM player WHERE ", "CASE WHEN "),
        ("SELECT * FROM player", " UNION SELECT 1"),
        ("SELECT * FROM player", " JOIN player"),
        ("SELECT * FROM player", ",player"),
        ("SELECT 1", "+1"),
        ("SELECT * FROM player ORDER BY 1", "+1"),
        ("SELECT * FROM ", "(SELECT * FROM "),
        ("SELECT f(", "f("),
        ("SELECT ", "["),
        ("", "WITH a AS ("),
        ("", "EXPLAIN "),
    ] {
        queries.push(chain(head, link));
    }
    let run = move || {
        for sql in queries {
            assert!(matches!(subscribe(&sql), Err(QueryError::Text(_))), "{sql}");
        }
    };
    // A quarter of what the follower's thread has.
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}
