//! The text of typed queries, and that their values never stand in it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ParameterValue::{Bool, Bytes, Float, Integer, Point2, Point3, Text};
use ambit_client::model::glam::{DVec3, Vec2};
use ambit_client::model::{EntityId, Identity};
use ambit_client::{Column, Delivery, ParameterError, ParameterValue, Query, Tier};

struct Monster;
struct Player;

impl Monster {
    const ID: Column<Self, EntityId> = Column::new("monster", "id");
    const ZONE: Column<Self, u8> = Column::new("monster", "zone");
    const HP: Column<Self, i16> = Column::new("monster", "hp");
    const NAME: Column<Self, String> = Column::new("monster", "name");
    const TARGET: Column<Self, Option<Identity>> = Column::new("monster", "target");
    const POSITION: Column<Self, Vec2> = Column::new("monster", "position");
    const ORDER: Column<Self, bool> = Column::new("monster", "order");

    fn query() -> Query<Self> {
        Query::new("monster")
    }
}

impl Player {
    const IDENTITY: Column<Self, Identity> = Column::new("player", "identity");
    const POSITION: Column<Self, Option<DVec3>> = Column::new("player", "position");
    const ZONE: Column<Self, u8> = Column::new("player", "zone");
    const SPEED: Column<Self, f32> = Column::new("player", "speed");
}

/// The text behind SELECT … FROM, and the values in their order.
fn check<R>(query: &Query<R>, expected: &str, values: &[ParameterValue]) {
    let (sql, parameters) = query.build().unwrap();
    assert_eq!(sql, expected);
    let named: Vec<ParameterValue> =
        (1..=parameters.len()).map(|n| parameters.get(&format!("p{n}")).unwrap().clone()).collect();
    assert_eq!(named, values);
}

#[test]
fn every_comparison() {
    let monsters = |condition| Monster::query().filter(condition);
    let whole = |condition: &str| format!(r#"SELECT * FROM "monster" WHERE {condition}"#);
    check(&Monster::query(), r#"SELECT * FROM "monster""#, &[]);
    let cases = [
        (Monster::ZONE.equal(3), r#""zone" = :p1"#, vec![Integer(3)]),
        (Monster::ZONE.not_equal(3), r#""zone" <> :p1"#, vec![Integer(3)]),
        (Monster::HP.less(-5), r#""hp" < :p1"#, vec![Integer(-5)]),
        (Monster::HP.at_most(5), r#""hp" <= :p1"#, vec![Integer(5)]),
        (Monster::HP.greater(5), r#""hp" > :p1"#, vec![Integer(5)]),
        (Monster::HP.at_least(5), r#""hp" >= :p1"#, vec![Integer(5)]),
        (Monster::HP.between(1, 9), r#""hp" BETWEEN :p1 AND :p2"#, vec![Integer(1), Integer(9)]),
        (Monster::ZONE.is_in([1, 2]), r#""zone" IN (:p1, :p2)"#, vec![Integer(1), Integer(2)]),
        (Monster::NAME.equal("' OR 1 = 1 --"), r#""name" = :p1"#, vec![Text("' OR 1 = 1 --".into())]),
        (Monster::NAME.starts_with(r"50%_\"), r#""name" LIKE :p1"#, vec![Text(r"50\%\_\\%".into())]),
        (Monster::ORDER.equal(true), r#""order" = :p1"#, vec![Bool(true)]),
        (Monster::ID.equal(EntityId(u64::MAX)), r#""id" = :p1"#, vec![Integer(u64::MAX.into())]),
        (Monster::TARGET.is_null(), r#""target" IS NULL"#, vec![]),
        (Monster::TARGET.is_not_null(), r#""target" IS NOT NULL"#, vec![]),
        (Monster::TARGET.is_sender(), r#""target" = :sender"#, vec![]),
        (Monster::TARGET.equal(Identity([7; 32])), r#""target" = :p1"#, vec![Bytes(vec![7; 32])]),
        (
            Monster::POSITION.near(Vec2::new(1.5, 2.0), 80.0),
            r#"ST_DWithin("position", :p1, :p2)"#,
            vec![Point2([1.5, 2.0]), Float(80.0)],
        ),
        (
            Monster::POSITION.inside(Vec2::ZERO, Vec2::ONE),
            r#""position" && ST_MakeBox2D(:p1, :p2)"#,
            vec![Point2([0.0; 2]), Point2([1.0; 2])],
        ),
    ];
    for (condition, text, values) in cases {
        check(&monsters(condition), &whole(text), &values);
    }
    let players = Query::new("player").filter(Player::POSITION.inside(DVec3::ZERO, DVec3::ONE));
    let values = [Point3([0.0; 3]), Point3([1.0; 3])];
    check(&players, r#"SELECT * FROM "player" WHERE "position" &&& ST_3DMakeBox(:p1, :p2)"#, &values);
    let fast = Query::new("player").filter(Player::SPEED.greater(0.1));
    check(&fast, r#"SELECT * FROM "player" WHERE "speed" > :p1"#, &[Float(0.1_f32.into())]);
}

#[test]
fn conditions_nest_only_where_they_must() {
    let (a, b, c) = (Monster::ZONE.equal(1), Monster::HP.less(2), Monster::TARGET.is_null());
    let text = |condition| Monster::query().filter(condition).build().unwrap().0.split_off(30);
    assert_eq!(
        text(a.clone() & b.clone() & c.clone()),
        r#""zone" = :p1 AND "hp" < :p2 AND "target" IS NULL"#
    );
    assert_eq!(
        text(a.clone() | b.clone() | c.clone()),
        r#"("zone" = :p1 OR "hp" < :p2 OR "target" IS NULL)"#
    );
    assert_eq!(
        text(a.clone() & (b.clone() | c.clone())),
        r#""zone" = :p1 AND ("hp" < :p2 OR "target" IS NULL)"#
    );
    assert_eq!(
        text(!(a.clone() & b.clone()) | c.clone()),
        r#"(NOT ("zone" = :p1 AND "hp" < :p2) OR "target" IS NULL)"#
    );
    let both = Monster::query().filter(a | b).filter(c).build().unwrap().0;
    assert!(both.ends_with(r#"WHERE ("zone" = :p1 OR "hp" < :p2) AND "target" IS NULL"#), "{both}");
}

#[test]
fn a_circle_moves_with_the_clients_own_rows() {
    let query = Monster::query()
        .around(Monster::POSITION, Player::POSITION, 80.0, Player::IDENTITY.is_sender())
        .joined(Monster::ZONE, Player::ZONE)
        .filter(Monster::HP.greater(0) | Monster::NAME.equal("Ghost"))
        .rate(20.0);
    let expected = r#"SELECT a.* FROM "monster" a JOIN "player" b ON ST_DWithin(a."position", b."position", :p1) WHERE b."identity" = :sender AND a."zone" = b."zone" AND (a."hp" > :p2 OR a."name" = :p3)"#;
    check(&query, expected, &[Float(80.0), Integer(0), Text("Ghost".into())]);
    assert!((query.wanted_delivery().rate - 20.0).abs() < f32::EPSILON);
}

#[test]
fn the_first_rows_are_ordered_and_so_many() {
    let ordered = Monster::query()
        .order_by(Monster::HP.descending())
        .filter(Monster::ZONE.equal(3))
        .order_by(Monster::TARGET.ascending().nulls_first())
        .order_by(Monster::NAME.descending().nulls_last())
        .limit(10);
    let expected = r#"SELECT * FROM "monster" WHERE "zone" = :p1 ORDER BY "hp" DESC, "target" NULLS FIRST, "name" DESC NULLS LAST LIMIT :p2"#;
    check(&ordered, expected, &[Integer(3), Integer(10)]);
    let nearest =
        Monster::query().order_by(Monster::POSITION.nearest_to(Vec2::new(1.0, 2.0))).limit(u32::MAX);
    let expected = r#"SELECT * FROM "monster" ORDER BY ST_Distance("position", :p1) LIMIT :p2"#;
    check(&nearest, expected, &[Point2([1.0, 2.0]), Integer(u32::MAX.into())]);
    let around = Monster::query()
        .around(Monster::POSITION, Player::POSITION, 8.0, Player::IDENTITY.is_sender())
        .order_by(Monster::POSITION.nearest_to_centre(Player::POSITION))
        .order_by(Monster::HP.ascending())
        .limit(50);
    let expected = r#"SELECT a.* FROM "monster" a JOIN "player" b ON ST_DWithin(a."position", b."position", :p1) WHERE b."identity" = :sender ORDER BY ST_Distance(a."position", b."position"), a."hp" LIMIT :p2"#;
    check(&around, expected, &[Float(8.0), Integer(50)]);
}

#[test]
fn delivery_options_stand_beside_the_text() {
    let query = Monster::query()
        .rate(20.0)
        .hysteresis(5.0)
        .tier(30.0, 20.0, &[])
        .tier(80.0, 5.0, &[&Monster::POSITION, &Monster::HP])
        .budget(64_000)
        .confirmed();
    check(&query, r#"SELECT * FROM "monster""#, &[]);
    let far = Tier { distance: 80.0, rate: 5.0, columns: vec!["position".into(), "hp".into()] };
    let wanted = Delivery {
        rate: 20.0,
        hysteresis: 5.0,
        tiers: vec![Tier { distance: 30.0, rate: 20.0, columns: vec![] }, far],
        budget: 64_000,
        confirmed: true,
    };
    assert_eq!(query.wanted_delivery(), &wanted);
    assert_eq!(Monster::query().delivery(wanted.clone()).wanted_delivery(), &wanted);
    assert_eq!(query.delivery(Delivery::default()).wanted_delivery(), &Delivery::default());
}

#[test]
fn what_is_no_parameter_is_told() {
    let infinite = Monster::query().filter(Monster::POSITION.near(Vec2::ZERO, f64::INFINITY));
    assert_eq!(infinite.build(), Err(ParameterError::NotFinite("p2".into())));
    let many = Monster::query().filter(Monster::HP.is_in(0..100));
    assert_eq!(many.build(), Err(ParameterError::TooMany));
}

/// It was left out if the circle came later, or never: the query then showed more than was asked for.
#[test]
fn joined_columns_are_never_left_out() {
    let joined = || Monster::query().joined(Monster::ZONE, Player::ZONE);
    let around = joined().around(Monster::POSITION, Player::POSITION, 8.0, Player::IDENTITY.is_sender());
    let expected = r#"SELECT a.* FROM "monster" a JOIN "player" b ON ST_DWithin(a."position", b."position", :p1) WHERE b."identity" = :sender AND a."zone" = b."zone""#;
    check(&around, expected, &[Float(8.0)]);
    // Two columns of one table: the server refuses that.
    check(&joined(), r#"SELECT * FROM "monster" WHERE "zone" = "zone""#, &[]);
}

#[test]
fn columns_that_are_named_are_all_that_is_shown() {
    let query = Monster::query().showing(Monster::ZONE).showing(Monster::NAME).filter(Monster::HP.greater(0));
    check(&query, r#"SELECT "zone", "name" FROM "monster" WHERE "hp" > :p1"#, &[Integer(0)]);
    let near = Monster::query()
        .around(Monster::POSITION, Player::POSITION, 5.0, Player::IDENTITY.is_sender())
        .showing(Monster::POSITION);
    check(
        &near.clone(),
        r#"SELECT a."position" FROM "monster" a JOIN "player" b ON ST_DWithin(a."position", b."position", :p1) WHERE b."identity" = :sender"#,
        &[Float(5.0)],
    );
}
