//! The client's own parameters: wherever a value may stand, and what is said when they do not fit.

use ambit_interest::limits::{PARAMETER_BYTES_MAX, PARAMETERS_MAX};
use ambit_interest::{ParameterError, ParameterValue, Parameters};

use crate::subscribe_with;

fn parameters() -> Parameters {
    use ParameterValue::{Bool, Bytes, Float, Integer, Point2, Point3, Text};
    let mut parameters = Parameters::new();
    for (name, value) in [
        ("yes", Bool(true)),
        ("five", Integer(5)),
        ("huge", Integer(1 << 100)),
        ("half", Float(0.5)),
        ("whole", Float(5.0)),
        ("name", Text("orc".into())),
        ("pattern", Text("or%".into())),
        ("variant", Text("Elf".into())),
        ("digits", Text("ab".repeat(32))),
        ("id", Bytes(vec![7; 32])),
        ("uuid", Bytes(vec![7; 16])),
        ("flat", Point2([1.0, -2.0])),
        ("solid", Point3([1.0, -2.0, 3.5])),
    ] {
        assert_eq!(parameters.set(name, value), Ok(()));
    }
    parameters
}

#[test]
fn parameters_stand_where_values_do() {
    for condition in [
        "alive = :yes AND zone = :five AND big = :huge AND hp BETWEEN -:five AND :five",
        "speed < :half AND speed <> :five AND speed IN (:half, :whole, 3)",
        "name = :name OR name LIKE :pattern OR nick LIKE :pattern OR kind = :variant",
        "identity = :id OR identity = :digits OR identity = :sender OR uuid = :uuid OR blob = :uuid",
        "connection = :uuid OR weapon = :five OR :five < weapon OR blessed = :yes OR born > :huge OR TRUE = alive",
        "ST_DWithin(position, :solid, :five) OR ST_DWithin(:solid, position, :half)",
        "position &&& ST_3DMakeBox(:solid, ST_MakePoint(:half, 2, :five))",
        "ST_DWithin(position, ST_MakePoint(:five, :half, 1), 3)",
    ] {
        // A moment is no number of a hundred bits.
        let condition = condition.replace("born > :huge", "born > :five");
        let sql = format!("SELECT * FROM player WHERE {condition}");
        assert_eq!(subscribe_with(&sql, &parameters()), Ok(()), "{sql}");
    }
    for condition in [
        "ST_DWithin(position, :flat, :half)",
        "position && ST_MakeEnvelope(:five, :half, 1, 2)",
        "ST_Within(position, ST_MakeBox2D(:flat, ST_Point(5, 6)))",
    ] {
        let sql = format!("SELECT * FROM flat WHERE {condition}");
        assert_eq!(subscribe_with(&sql, &parameters()), Ok(()), "{sql}");
    }
    let circle = "SELECT m.* FROM monster m JOIN player p ON ST_DWithin(m.position, p.position, :five) \
                  WHERE p.identity = :sender AND m.zone = :five";
    assert_eq!(subscribe_with(circle, &parameters()), Ok(()));
}

#[test]
fn parameters_that_do_not_fit_are_refused_with_a_remedy() {
    let only = |name: &str| {
        let mut only = Parameters::new();
        only.set(name, parameters().get(name).unwrap().clone()).unwrap();
        only
    };
    for (name, sql, expected) in [
        (
            "five",
            "SELECT * FROM player WHERE zone = :Five",
            "line 1, column 35: the parameter `:Five` has no value; \
             give it one with the subscription, or use one of: :sender, :connection, :five",
        ),
        (
            "five",
            "SELECT * FROM flat WHERE ST_DWithin(position, :point, 5)",
            "line 1, column 47: the parameter `:point` has no value; \
             give it one with the subscription, or use one of: :sender, :connection, :five",
        ),
        (
            "huge",
            "SELECT * FROM player WHERE zone = :huge",
            "line 1, column 35: 1267650600228229401496703205376 is no value of type u8; \
             use a whole number from 0 to 255",
        ),
        (
            "whole",
            "SELECT * FROM player WHERE zone = :whole",
            "line 1, column 35: 5.0 is no value of type u8; use a whole number from 0 to 255",
        ),
        (
            "name",
            "SELECT * FROM player WHERE zone = :name",
            "line 1, column 35: the column is a number (type u8), the value is not; write a number",
        ),
        (
            "uuid",
            "SELECT * FROM player WHERE identity = :uuid",
            "line 1, column 39: the parameter has 16 bytes, a value of type Identity has 32; give it 32 bytes",
        ),
        (
            "solid",
            "SELECT * FROM flat WHERE ST_DWithin(position, :solid, 5)",
            "line 1, column 47: the point has 3 coordinates, the column 2; write ST_MakePoint with 2 numbers",
        ),
        (
            "five",
            "SELECT * FROM flat WHERE ST_DWithin(position, :five, 5)",
            "line 1, column 47: `:five` is neither a position column nor a point; \
             write ST_Point(x, y), ST_MakePoint(x, y, z) or a :parameter that holds a point",
        ),
        (
            "flat",
            "SELECT * FROM flat WHERE ST_DWithin(position, :flat, :flat)",
            "line 1, column 54: `:flat` is not a plain number; \
             write a number such as 12.5, or a :parameter that holds one",
        ),
        (
            "flat",
            "SELECT * FROM flat WHERE name LIKE :flat",
            "line 1, column 36: the pattern of LIKE is not a text; write it as 'text%'",
        ),
        (
            "five",
            "SELECT * FROM flat WHERE zone = $1",
            "line 1, column 33: `$1` is no parameter; write a colon and a name, such as :radius",
        ),
    ] {
        assert_eq!(subscribe_with(sql, &only(name)).expect_err(sql).to_string(), expected, "{sql}");
    }
}

#[test]
fn parameters_are_bounded() {
    use ParameterValue::{Bool, Float, Point2, Text};
    let mut parameters = Parameters::new();
    for name in ["", "a b", "1a", ":a", "ä", &"a".repeat(65)] {
        assert!(matches!(parameters.set(name, Bool(true)), Err(ParameterError::Name(_))), "{name}");
    }
    assert_eq!(parameters.set("sender", Bool(true)), Err(ParameterError::Reserved("sender".into())));
    assert_eq!(parameters.set("a", Float(f64::NAN)), Err(ParameterError::NotFinite("a".into())));
    let infinite = Point2([0.0, f64::INFINITY]);
    assert_eq!(parameters.set("a", infinite), Err(ParameterError::NotFinite("a".into())));
    let text = |bytes| Text("x".repeat(bytes));
    assert_eq!(parameters.set("a", text(PARAMETER_BYTES_MAX)), Ok(()));
    let too_large = Err(ParameterError::TooLarge(PARAMETER_BYTES_MAX + 1));
    assert_eq!(parameters.set("b", text(1)), too_large);
    assert_eq!(parameters.set("a", text(1)), Ok(()), "the old value counts no longer");
    for number in 1..PARAMETERS_MAX {
        assert_eq!(parameters.set(&format!("a{number}"), Bool(true)), Ok(()));
    }
    assert_eq!(parameters.set("b", Bool(true)), Err(ParameterError::TooMany));
    assert_eq!(parameters.set("a", Bool(false)), Ok(()));
}
