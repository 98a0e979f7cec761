//! Random schemas, random edits of them, and random rows: all from one number.

use ambit_model::glam::{DVec2, Vec2, Vec3};
use ambit_model::{
    ColumnSchema, ColumnType, EnumType, Field, IndexKind, IndexSchema, RowLayout, Schema, StructType,
    TableSchema, Value, Variant, encode_row,
};

/// A sequence of numbers that looks random and is the same every time.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }
}

pub fn schema(dice: &mut Dice) -> Schema {
    let count = 1 + dice.roll(3);
    let tables = (0..count).map(|number| table(dice, &format!("table_{number}"))).collect();
    Schema { tables, ..Schema::default() }
}

fn table(dice: &mut Dice, name: &str) -> TableSchema {
    let key = ColumnSchema {
        auto_inc: true,
        ..ColumnSchema::new("id", [ColumnType::U16, ColumnType::I32][dice.roll(2)].clone())
    };
    let mut columns = vec![key];
    for number in 0..dice.roll(5) {
        columns.push(ColumnSchema::new(format!("column_{number}"), any_type(dice, 2)));
    }
    let mut indexes = vec![index(&[0], [IndexKind::Hash, IndexKind::Ordered][dice.roll(2)], true)];
    if columns.len() > 1 && dice.roll(2) == 0 {
        let column = 1 + dice.roll(columns.len() - 1) as u16;
        indexes.push(index(&[column, 0], IndexKind::Hash, false));
    }
    TableSchema {
        name: name.into(),
        public: true,
        columns,
        indexes,
        primary: Some(0),
        ..TableSchema::default()
    }
}

pub fn index(columns: &[u16], kind: IndexKind, unique: bool) -> IndexSchema {
    let name = columns.iter().map(|column| format!("c{column}")).collect::<String>();
    let letter = if unique { "u" } else { "i" };
    IndexSchema {
        name: format!("{letter}{name}{}", format!("{kind:?}").len()),
        columns: columns.to_vec(),
        kind,
        unique,
    }
}

pub fn any_type(dice: &mut Dice, depth: usize) -> ColumnType {
    let plain = [
        ColumnType::Bool,
        ColumnType::I8,
        ColumnType::I16,
        ColumnType::U8,
        ColumnType::U32,
        ColumnType::I64,
        ColumnType::U64,
        ColumnType::F32,
        ColumnType::Vec2,
        ColumnType::Vec3,
        ColumnType::DVec2,
        ColumnType::String,
        ColumnType::Bytes,
        ColumnType::Timestamp,
    ];
    match dice.roll(plain.len() + if depth == 0 { 0 } else { 6 }) {
        choice if choice < plain.len() => plain[choice].clone(),
        choice => match choice - plain.len() {
            0 => ColumnType::Option(Box::new(any_type(dice, depth - 1))),
            1 | 2 => ColumnType::Vec(Box::new(any_type(dice, depth - 1))),
            3 => {
                ColumnType::Struct(StructType { name: "Group".into(), fields: fields(dice, depth, 1) }.into())
            }
            rich => {
                let count = 1 + dice.roll(3);
                let variants = (0..count).map(|number| Variant {
                    name: format!("V{number}"),
                    fields: if rich == 4 { vec![] } else { fields(dice, depth, 0) },
                });
                ColumnType::Enum(EnumType { name: "Kind".into(), variants: variants.collect() }.into())
            }
        },
    }
}

fn fields(dice: &mut Dice, depth: usize, least: usize) -> Vec<Field> {
    let count = least + dice.roll(3);
    (0..count).map(|number| Field { name: format!("f{number}"), ty: any_type(dice, depth - 1) }).collect()
}

/// A random value of a type; small numbers, so that keys meet.
pub fn any_value(dice: &mut Dice, ty: &ColumnType) -> Value {
    let small = dice.roll(5) as i64 - 2;
    match ty {
        ColumnType::Bool => Value::Bool(small > 0),
        ColumnType::I8 => Value::I8([small as i8, i8::MIN][dice.roll(2)]),
        ColumnType::I16 => Value::I16([small as i16, i16::MIN][dice.roll(2)]),
        ColumnType::I32 => Value::I32(small as i32),
        ColumnType::I64 => Value::I64([small, small, small, i64::MIN][dice.roll(4)]),
        ColumnType::U8 => Value::U8([small as u8, u8::MAX][dice.roll(2)]),
        ColumnType::U16 => Value::U16(small as u16),
        ColumnType::U32 => Value::U32([small as u32, u32::MAX][dice.roll(2)]),
        ColumnType::U64 => Value::U64([small.unsigned_abs(), 1 << 60][dice.roll(2)]),
        ColumnType::F32 => Value::F32([small as f32, f32::NAN, f32::NEG_INFINITY, -0.0, 1e-40][dice.roll(5)]),
        ColumnType::F64 => Value::F64(small as f64),
        ColumnType::I128 => Value::I128(small.into()),
        ColumnType::U128 => Value::U128(small.unsigned_abs().into()),
        ColumnType::DVec3 => Value::DVec3(ambit_model::glam::DVec3::splat(small as f64)),
        ColumnType::Vec2 => Value::Vec2(Vec2::new(small as f32, 0.5)),
        ColumnType::Vec3 => Value::Vec3(Vec3::new(small as f32, 0.1, -0.0)),
        ColumnType::DVec2 => Value::DVec2(DVec2::new(small as f64, 0.1)),
        ColumnType::Timestamp => Value::Timestamp(ambit_model::Timestamp(small)),
        ColumnType::String => Value::String(["", "a", "ü", "longer than a word"][dice.roll(4)].into()),
        ColumnType::Bytes => Value::Bytes(vec![7; dice.roll(4)]),
        ColumnType::Option(inner) => Value::Option((small > 0).then(|| Box::new(any_value(dice, inner)))),
        ColumnType::Vec(inner) => Value::Vec((0..dice.roll(3)).map(|_| any_value(dice, inner)).collect()),
        ColumnType::Struct(structure) => Value::Struct(field_values(dice, &structure.fields)),
        ColumnType::Enum(enumeration) => {
            let tag = dice.roll(enumeration.variants.len());
            Value::Enum(tag as u8, field_values(dice, &enumeration.variants[tag].fields))
        }
        other => panic!("{other} is not in the menu"),
    }
}

fn field_values(dice: &mut Dice, fields: &[Field]) -> Vec<Value> {
    fields.iter().map(|field| any_value(dice, &field.ty)).collect()
}

pub fn single(ty: &ColumnType) -> RowLayout {
    RowLayout::new(&[Field { name: String::new(), ty: ty.clone() }])
}

/// One random edit. Most are possible; a few need a function of the module.
pub fn edit(dice: &mut Dice, schema: &mut Schema, number: usize) {
    let table = dice.roll(schema.tables.len().max(1));
    match dice.roll(14) {
        0 => {
            let place = dice.roll(schema.tables.len() + 1);
            schema.tables.insert(place, self::table(dice, &format!("new_{number}")));
        }
        1 if schema.tables.len() > 1 => drop(schema.tables.remove(table)),
        2 => schema.tables.rotate_left(1),
        3 => {
            let table = &mut schema.tables[table];
            let old = std::mem::replace(&mut table.name, format!("renamed_{number}"));
            table.renamed_from.get_or_insert(old);
        }
        _ => edit_table(dice, &mut schema.tables[table], number),
    }
}

fn edit_table(dice: &mut Dice, table: &mut TableSchema, number: usize) {
    let column = dice.roll(table.columns.len());
    match dice.roll(11) {
        0 => {
            let ty = any_type(dice, 2);
            let value = any_value(dice, &ty);
            let default = (dice.roll(8) != 0).then(|| encode_row(&single(&ty), &[value]).unwrap());
            table.columns.push(ColumnSchema { default, ..ColumnSchema::new(format!("added_{number}"), ty) });
        }
        1 if column != 0 => remove_column(table, column),
        2 => {
            let old = std::mem::replace(&mut table.columns[column].name, format!("named_{number}"));
            table.columns[column].renamed_from.get_or_insert(old);
        }
        3 => {
            let other = dice.roll(table.columns.len());
            table.columns.swap(column, other);
            for place in table.indexes.iter_mut().flat_map(|index| &mut index.columns) {
                *place = match usize::from(*place) {
                    at if at == column => other as u16,
                    at if at == other => column as u16,
                    at => at as u16,
                };
            }
        }
        4 => {
            let added = index(&[column as u16], IndexKind::Hash, dice.roll(2) == 0);
            if table.indexes.iter().all(|index| index.name != added.name) {
                table.indexes.push(added);
            }
        }
        5 if table.indexes.len() > 1 => drop(table.indexes.pop()),
        6 => table.public = !table.public,
        _ if !table.columns[column].auto_inc => {
            let ty = edit_type(dice, &table.columns[column].ty);
            table.columns[column].ty = ty;
            table.columns[column].default = None;
        }
        _ => table.columns[column].ty = ColumnType::I64,
    }
}

fn remove_column(table: &mut TableSchema, column: usize) {
    if table.columns[column].auto_inc {
        return;
    }
    table.columns.remove(column);
    table.indexes.retain(|index| !index.columns.contains(&(column as u16)));
    for place in table.indexes.iter_mut().flat_map(|index| &mut index.columns) {
        *place -= u16::from(usize::from(*place) > column);
    }
}

fn edit_type(dice: &mut Dice, ty: &ColumnType) -> ColumnType {
    match (dice.roll(5), ty) {
        (0, _) => ColumnType::Option(Box::new(ty.clone())),
        (_, ColumnType::I8) => {
            [ColumnType::I16, ColumnType::I128, ColumnType::F32, ColumnType::U16][dice.roll(4)].clone()
        }
        (_, ColumnType::U8) => [ColumnType::I16, ColumnType::U64, ColumnType::F64][dice.roll(3)].clone(),
        (_, ColumnType::I16) => ColumnType::I64,
        (_, ColumnType::U32) => ColumnType::U128,
        (_, ColumnType::I64 | ColumnType::U64 | ColumnType::F32) => ColumnType::F64,
        (_, ColumnType::Vec2) => ColumnType::DVec2,
        (_, ColumnType::Vec3) => ColumnType::DVec3,
        (_, ColumnType::Option(inner)) => ColumnType::Option(Box::new(edit_type(dice, inner))),
        (_, ColumnType::Vec(inner)) => ColumnType::Vec(Box::new(edit_type(dice, inner))),
        (_, ColumnType::Struct(structure)) => {
            let mut structure = StructType::clone(structure);
            edit_fields(dice, &mut structure.fields, 1);
            ColumnType::Struct(structure.into())
        }
        (_, ColumnType::Enum(enumeration)) => {
            let mut enumeration = EnumType::clone(enumeration);
            match dice.roll(8) {
                0 if enumeration.variants.len() > 1 => drop(enumeration.variants.pop()),
                1 | 2 => enumeration
                    .variants
                    .insert(0, Variant { name: format!("W{}", enumeration.variants.len()), fields: vec![] }),
                3 | 4 => enumeration.variants.reverse(),
                _ => {
                    let variant = dice.roll(enumeration.variants.len());
                    edit_fields(dice, &mut enumeration.variants[variant].fields, 0);
                }
            }
            ColumnType::Enum(enumeration.into())
        }
        (_, other) => other.clone(),
    }
}

fn edit_fields(dice: &mut Dice, fields: &mut Vec<Field>, least: usize) {
    match dice.roll(4) {
        0 => {
            let ty = ColumnType::Option(Box::new(any_type(dice, 0)));
            fields.insert(0, Field { name: format!("g{}", fields.len()), ty });
        }
        1 if fields.len() > least => drop(fields.pop()),
        2 => fields.reverse(),
        _ => {
            let count = fields.len().max(1);
            if let Some(field) = fields.get_mut(dice.roll(count)) {
                field.ty = edit_type(dice, &field.ty);
            }
        }
    }
}
