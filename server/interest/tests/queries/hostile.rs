//! No text does harm: subscriptions are bounded, and whatever is written has an answer.

use ambit_interest::limits::{CONDITIONS_MAX, IN_VALUES_MAX, SQL_BYTES_MAX};
use ambit_interest::{ClientId, QueryError};
use ambit_model::Timestamp;
use proptest::prelude::*;

use crate::{follower, subscribe};

#[test]
fn subscriptions_are_bounded() {
    let mut follower = follower();
    let mut subscribe =
        |number, sql: &str, rate| follower.subscribe(ClientId(1), number, sql, rate, Timestamp(0));
    let sql = "SELECT * FROM player WHERE ";
    let deep = format!("{sql}{}zone = 1{}", "(".repeat(1_000), ")".repeat(1_000));
    let wide = format!("{sql}zone = 1{}", " AND zone = 1".repeat(CONDITIONS_MAX));
    let wide_or = format!("{sql}alive{}", " OR alive".repeat(CONDITIONS_MAX));
    let many = format!("{sql}zone IN (1{})", ", 1".repeat(IN_VALUES_MAX));
    let long = format!("{sql}name = '{}'", "x".repeat(SQL_BYTES_MAX));
    for sql in [deep, wide, wide_or, many, long] {
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

const WORDS: [&str; 75] = [
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
    "LIKE",
    "ESCAPE",
    "weapon",
    "'a%'",
    ":own",
    "&&",
    "&&&",
    "ST_Within",
    "ST_MakeEnvelope",
    "ST_3DMakeBox",
    "ORDER BY",
    "LIMIT",
    "DESC",
    "NULLS FIRST",
    "OFFSET",
    "ST_Distance",
    "FETCH",
    "ALL",
    "USING",
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
            format!("SELECT * FROM player ORDER BY {text} LIMIT 5"),
            format!("SELECT * FROM player ORDER BY id LIMIT {text}"),
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
        " OR level=1",
        " NOT IN (1)",
        "&&1",
        "&&&1",
    ];
    let mut queries: Vec<String> = links.iter().map(|link| chain(head, link)).collect();
    for (head, link) in [
        ("SELECT * FROM player WHERE ", "NOT "),
        ("SELECT * FROM player WHERE ", "-"),
        ("SELECT * FROM player WHERE ", "("),
        ("SELECT * FROM player WHERE ", "CASE WHEN "),
        ("SELECT * FROM player WHERE ", "NOT ("),
        ("SELECT * FROM player WHERE ", "zone IN ("),
        ("SELECT * FROM player WHERE ", "zone IN (("),
        ("SELECT * FROM player WHERE ", "alive AND (alive OR ("),
        ("SELECT * FROM player WHERE ", "ST_DWithin(ST_Point("),
        ("SELECT * FROM player WHERE zone IN (1", ",1"),
        ("SELECT * FROM player WHERE name LIKE '", "%"),
        ("SELECT * FROM player", " UNION SELECT 1"),
        ("SELECT * FROM player", " JOIN player"),
        ("SELECT * FROM player", ",player"),
        ("SELECT 1", "+1"),
        ("SELECT * FROM player ORDER BY 1", "+1"),
        ("SELECT * FROM player ORDER BY id", ", id"),
        ("SELECT * FROM player ORDER BY id LIMIT 1", "+1"),
        ("SELECT * FROM player ORDER BY id LIMIT ", "-"),
        ("SELECT * FROM player ORDER BY id LIMIT ", "("),
        ("SELECT * FROM player ORDER BY ", "("),
        ("SELECT * FROM player ORDER BY ", "ST_Distance("),
        ("SELECT * FROM player ORDER BY id LIMIT 1 OFFSET 1", "+1"),
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

/// As deep as queries may nest, and all the way through a subscription's life.
#[test]
fn deep_queries_are_followed_on_a_small_stack() {
    let (mut sql, mut end) = ("SELECT * FROM player WHERE ".to_owned(), String::new());
    for level in 0..5 {
        sql += &format!("(zone = {level} AND NOT (hp < {level} OR ");
        end.push_str("))");
    }
    sql += "alive";
    sql += &end;
    let run = move || {
        let mut follower = follower();
        for number in 0..2 {
            assert_eq!(follower.subscribe(ClientId(1), number, &sql, 0.0, Timestamp(0)), Ok(()));
        }
        let mut updates = 0;
        follower.flush_all(Timestamp(0), &mut |_| updates += 1);
        assert_eq!(updates, 1);
        follower.disconnect(ClientId(1));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}
