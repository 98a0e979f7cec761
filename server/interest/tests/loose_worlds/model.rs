//! What delivery options mean, said as plainly as possible: which rows a client holds after a flush, and which values of a row
//! it may hold.

use std::collections::{BTreeMap, BTreeSet};

use ambit_interest::{Delivery, ParameterValue, Parameters};
use ambit_model::Slot;

/// A row of `unit(id, owner, team, place, hp, name)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub id: u64,
    pub owner: u8,
    pub team: u32,
    pub place: [f64; 3],
    pub hp: i32,
    pub name: String,
}

/// The columns by their positions.
pub const COLUMNS: [&str; 6] = ["id", "owner", "team", "place", "hp", "name"];

#[derive(Debug, Clone)]
pub enum Query {
    /// Around the client's own units, perhaps of their team alone, perhaps without the client's own.
    Moving {
        radius: f64,
        same_team: bool,
        others_only: bool,
    },
    Fixed {
        centre: [f64; 2],
        radius: f64,
        team: Option<u32>,
    },
    Plain {
        team: Option<u32>,
    },
}

#[derive(Debug, Clone)]
pub struct Subscription {
    pub query: Query,
    /// The columns that it names; all if there are none.
    pub list: Vec<usize>,
    pub delivery: Delivery,
    /// The rows that it holds, with their generation.
    pub held: BTreeMap<Slot, u32>,
}

/// All rows at one commit, by slot, each with the generation of its slot.
pub type Rows = BTreeMap<Slot, (u32, Unit)>;

impl Query {
    pub fn sql(&self, is_flat: bool, list: &[usize]) -> (String, Parameters) {
        let mut parameters = Parameters::new();
        let mut set = |name: &str, value| parameters.set(name, value).unwrap();
        let mut conditions = Vec::new();
        let mut from = "unit a".to_owned();
        match self {
            Self::Moving { radius, same_team, others_only } => {
                set("radius", ParameterValue::Float(*radius));
                from += " JOIN unit p ON ST_DWithin(a.place, p.place, :radius)";
                conditions.push("p.owner = :sender");
                conditions.extend(same_team.then_some("a.team = p.team"));
                conditions.extend(others_only.then_some("a.owner <> :sender"));
            }
            Self::Fixed { centre: [x, y], radius, team } => {
                set("radius", ParameterValue::Float(*radius));
                set(
                    "point",
                    match is_flat {
                        true => ParameterValue::Point2([*x, *y]),
                        false => ParameterValue::Point3([*x, *y, 0.0]),
                    },
                );
                conditions.push("ST_DWithin(a.place, :point, :radius)");
                if let Some(team) = team {
                    set("team", ParameterValue::Integer(i128::from(*team)));
                    conditions.push("a.team = :team");
                }
            }
            Self::Plain { team } => {
                if let Some(team) = team {
                    set("team", ParameterValue::Integer(i128::from(*team)));
                    conditions.push("a.team = :team");
                }
            }
        }
        let filter = if conditions.is_empty() { String::new() } else { " WHERE ".to_owned() };
        let columns: Vec<String> = list.iter().map(|column| format!("a.{}", COLUMNS[*column])).collect();
        let columns = if columns.is_empty() { "a.*".to_owned() } else { columns.join(", ") };
        (format!("SELECT {columns} FROM {from}{filter}{}", conditions.join(" AND ")), parameters)
    }

    /// The rows that are shown if circles reach so much farther than their radius.
    pub fn result(&self, rows: &Rows, sender: u8, farther: f64) -> BTreeSet<Slot> {
        let own: Vec<&Unit> =
            rows.values().map(|(_, unit)| unit).filter(|unit| unit.owner == sender).collect();
        let near = |unit: &Unit, centre: [f64; 3], radius: f64| {
            let squares = unit.place.iter().zip(centre).map(|(part, centre)| (part - centre).powi(2));
            squares.sum::<f64>() <= (radius + farther).powi(2)
        };
        let shows = |unit: &Unit| match *self {
            Self::Moving { radius, same_team, others_only } => {
                (!others_only || unit.owner != sender)
                    && own
                        .iter()
                        .any(|own| (!same_team || own.team == unit.team) && near(unit, own.place, radius))
            }
            Self::Fixed { centre: [x, y], radius, team } => {
                team.is_none_or(|team| unit.team == team) && near(unit, [x, y, 0.0], radius)
            }
            Self::Plain { team } => team.is_none_or(|team| unit.team == team),
        };
        rows.iter().filter(|(_, (_, unit))| shows(unit)).map(|(slot, _)| *slot).collect()
    }
}

impl Subscription {
    pub fn is_strict(&self) -> bool {
        let Delivery { hysteresis, tiers, budget, .. } = &self.delivery;
        *hysteresis == 0.0 && tiers.is_empty() && *budget == 0
    }

    /// The columns that it shows: those that it names, and the key.
    pub fn shown(&self) -> BTreeSet<usize> {
        match self.list.as_slice() {
            [] => (0..COLUMNS.len()).collect(),
            list => list.iter().copied().chain([0]).collect(),
        }
    }

    /// Brings the held rows up to date. Under rules others do not see the rows of team 2.
    pub fn flush(&mut self, rows: &Rows, sender: u8, is_ruled: bool) {
        let may_see = |unit: &Unit| !is_ruled || unit.team != 2 || unit.owner == sender;
        let rows = rows.iter().filter(|(_, (_, unit))| may_see(unit));
        let rows = &rows.map(|(slot, known)| (*slot, known.clone())).collect::<Rows>();
        let inner = self.query.result(rows, sender, 0.0);
        let outer = self.query.result(rows, sender, self.delivery.hysteresis);
        let held = &self.held;
        let is_held = |slot: &Slot, generation: u32| held.get(slot) == Some(&generation);
        let stays = |slot: &Slot, generation: u32| outer.contains(slot) && is_held(slot, generation);
        let held =
            rows.iter().filter(|(slot, (generation, _))| inner.contains(slot) || stays(slot, *generation));
        self.held = held.map(|(slot, (generation, _))| (*slot, *generation)).collect();
    }

    /// Milliseconds between two changes of a row at most, apart from what a budget holds back.
    pub fn interval_ms(&self) -> f64 {
        let rates = self.delivery.tiers.iter().map(|tier| tier.rate);
        rates.map(|rate| if rate == 0.0 { 0.0 } else { 1_000.0 / f64::from(rate) }).fold(0.0, f64::max)
    }

    /// The columns that every tier tells of.
    pub fn columns(&self) -> Vec<usize> {
        let tiers = &self.delivery.tiers;
        let is_told = |name: &&str| {
            tiers
                .iter()
                .all(|tier| tier.columns.is_empty() || tier.columns.iter().any(|column| column == name))
        };
        (0..).zip(COLUMNS).filter(|(_, name)| is_told(name)).map(|(place, _)| place).collect()
    }
}

impl Unit {
    /// A column as text, to be compared.
    pub fn column(&self, column: usize) -> String {
        match column {
            0 => self.id.to_string(),
            1 => self.owner.to_string(),
            2 => self.team.to_string(),
            3 => format!("{:?}", self.place),
            4 => self.hp.to_string(),
            _ => self.name.clone(),
        }
    }
}
