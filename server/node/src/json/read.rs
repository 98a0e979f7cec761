//! JSON → values.

use std::fmt::Display;
use std::str::FromStr;

use ambit_model::glam::{DVec2, DVec3, IVec2, IVec3, Quat, Vec2, Vec3, Vec4};
use ambit_model::limits::LIST_ELEMENTS_MAX;
use ambit_model::{ColumnType, Duration, EntityId, EnumType, Field, Timestamp, Value};
use serde_json::Value as Json;

use super::ArgumentsError;
use crate::limits::SHOWN_CHARACTERS_MAX;

/// The value of type `ty` that `json` writes. `path` names it in errors.
pub fn read_value(ty: &ColumnType, json: &Json, path: &str) -> Result<Value, ArgumentsError> {
    Reader { ty, json, path }.read()
}

struct Reader<'a> {
    ty: &'a ColumnType,
    json: &'a Json,
    path: &'a str,
}

impl Reader<'_> {
    fn read(&self) -> Result<Value, ArgumentsError> {
        use ColumnType as T;
        Ok(match self.ty {
            T::Bool => Value::Bool(self.json.as_bool().ok_or_else(|| self.wrong("true or false"))?),
            T::I8 => Value::I8(self.number()?),
            T::I16 => Value::I16(self.number()?),
            T::I32 => Value::I32(self.number()?),
            T::I64 => Value::I64(self.number()?),
            T::I128 => Value::I128(self.number()?),
            T::U8 => Value::U8(self.number()?),
            T::U16 => Value::U16(self.number()?),
            T::U32 => Value::U32(self.number()?),
            T::U64 => Value::U64(self.number()?),
            T::U128 => Value::U128(self.number()?),
            T::F32 => Value::F32(self.number()?),
            T::F64 => Value::F64(self.number()?),
            T::Vec2 => Value::Vec2(Vec2::from_array(self.parts()?)),
            T::Vec3 => Value::Vec3(Vec3::from_array(self.parts()?)),
            T::Vec4 => Value::Vec4(Vec4::from_array(self.parts()?)),
            T::Quat => Value::Quat(Quat::from_array(self.parts()?)),
            T::DVec2 => Value::DVec2(DVec2::from_array(self.parts()?)),
            T::DVec3 => Value::DVec3(DVec3::from_array(self.parts()?)),
            T::IVec2 => Value::IVec2(IVec2::from_array(self.parts()?)),
            T::IVec3 => Value::IVec3(IVec3::from_array(self.parts()?)),
            T::Identity => Value::Identity(self.text("64 hexadecimal digits")?),
            T::ConnectionId => Value::ConnectionId(self.text("32 hexadecimal digits")?),
            T::Uuid => Value::Uuid(self.uuid()?),
            T::EntityId => Value::EntityId(EntityId(self.number()?)),
            T::Timestamp => Value::Timestamp(Timestamp(self.number()?)),
            T::Duration => Value::Duration(Duration(self.number()?)),
            T::String => {
                Value::String(self.json.as_str().ok_or_else(|| self.wrong("text in quotes"))?.into())
            }
            T::Bytes => Value::Bytes(self.bytes()?),
            T::Option(_) if self.json.is_null() => Value::Option(None),
            T::Option(inner) => Value::Option(Some(Box::new(read_value(inner, self.json, self.path)?))),
            T::Vec(inner) => Value::Vec(self.list(inner)?),
            T::Struct(structure) => Value::Struct(self.fields(&structure.fields, self.json)?),
            T::Enum(enumeration) => self.enumeration(enumeration)?,
        })
    }

    /// A number, or a text that is one. JSON's numbers end at 64 bits and know no infinity.
    fn number<N: FromStr + Display>(&self) -> Result<N, ArgumentsError> {
        parse_number(self.json).ok_or_else(|| self.wrong("a number in its range"))
    }

    fn parts<N: FromStr + Display + Copy + Default, const COUNT: usize>(
        &self,
    ) -> Result<[N; COUNT], ArgumentsError> {
        const NAMES: [&str; 4] = ["x", "y", "z", "w"];
        let shape = || self.wrong(&format!("{COUNT} numbers: [1, …] or {{\"x\": 1, …}}"));
        let mut parts = [N::default(); COUNT];
        match self.json {
            Json::Array(elements) if elements.len() == COUNT => {
                for (part, element) in parts.iter_mut().zip(elements) {
                    *part = parse_number(element).ok_or_else(shape)?;
                }
            }
            Json::Object(members) if members.len() == COUNT => {
                for (part, name) in parts.iter_mut().zip(NAMES) {
                    *part = members.get(name).and_then(parse_number).ok_or_else(shape)?;
                }
            }
            Json::Array(_)
            | Json::Object(_)
            | Json::Null
            | Json::Bool(_)
            | Json::Number(_)
            | Json::String(_) => return Err(shape()),
        }
        Ok(parts)
    }

    fn text<T: FromStr>(&self, form: &str) -> Result<T, ArgumentsError> {
        self.json.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong(form))
    }

    fn uuid(&self) -> Result<ambit_model::Uuid, ArgumentsError> {
        let text = self.json.as_str().map(|text| text.replace('-', ""));
        text.and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong("32 hexadecimal digits"))
    }

    fn bytes(&self) -> Result<Vec<u8>, ArgumentsError> {
        let form = || self.wrong("hexadecimal digits in quotes or a list of numbers from 0 to 255");
        match self.json {
            Json::String(text) => parse_hex(text).ok_or_else(form),
            Json::Array(elements) => {
                elements.iter().map(parse_number).collect::<Option<Vec<u8>>>().ok_or_else(form)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Err(form()),
        }
    }

    fn list(&self, inner: &ColumnType) -> Result<Vec<Value>, ArgumentsError> {
        let elements = self.json.as_array().ok_or_else(|| self.wrong("a list: […]"))?;
        if elements.len() > LIST_ELEMENTS_MAX {
            return Err(self.wrong(&format!("at most {LIST_ELEMENTS_MAX} elements")));
        }
        let values = elements.iter().enumerate();
        values.map(|(index, json)| read_value(inner, json, &format!("{}[{index}]", self.path))).collect()
    }

    fn fields(&self, fields: &[Field], json: &Json) -> Result<Vec<Value>, ArgumentsError> {
        let names = || {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            format!("{{{}}}", names.join(", "))
        };
        let read =
            |field: &Field, json| read_value(&field.ty, json, &format!("{}.{}", self.path, field.name));
        match json {
            Json::Array(elements) if elements.len() == fields.len() => {
                fields.iter().zip(elements).map(|(field, json)| read(field, json)).collect()
            }
            Json::Object(members) if members.len() == fields.len() => fields
                .iter()
                .map(|field| match members.get(&field.name) {
                    Some(json) => read(field, json),
                    None => Err(self.wrong(&names())),
                })
                .collect(),
            Json::Array(_)
            | Json::Object(_)
            | Json::Null
            | Json::Bool(_)
            | Json::Number(_)
            | Json::String(_) => Err(self.wrong(&names())),
        }
    }

    fn enumeration(&self, enumeration: &EnumType) -> Result<Value, ArgumentsError> {
        let wrong = || {
            let variants: Vec<String> =
                enumeration.variants.iter().map(|variant| format!("\"{}\"", variant.name)).collect();
            self.wrong(&format!("one of {}", variants.join(", ")))
        };
        let empty = Json::Array(Vec::new());
        let (name, payload) = match self.json {
            Json::String(name) => (name, &empty),
            Json::Object(members) if members.len() == 1 => members.iter().next().ok_or_else(wrong)?,
            Json::Object(_) | Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => {
                return Err(wrong());
            }
        };
        let variants = (0_u8..=u8::MAX).zip(&enumeration.variants);
        let found = variants.into_iter().find(|(_, variant)| &variant.name == name);
        let (tag, variant) = found.ok_or_else(wrong)?;
        let inner = format!("{}.{name}", self.path);
        let reader = Reader { ty: self.ty, json: payload, path: &inner };
        Ok(Value::Enum(tag, reader.fields(&variant.fields, payload)?))
    }

    fn wrong(&self, form: &str) -> ArgumentsError {
        let mut actual = self.json.to_string();
        if let Some((end, _)) = actual.char_indices().nth(SHOWN_CHARACTERS_MAX) {
            actual.truncate(end);
            actual.push('…');
        }
        ArgumentsError::Type { path: self.path.to_owned(), expected: format!("{} ({form})", self.ty), actual }
    }
}

fn parse_number<N: FromStr>(json: &Json) -> Option<N> {
    match json {
        Json::Number(number) => number.to_string().parse().ok(),
        Json::String(text) => text.parse().ok(),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let pairs = digits.chunks(2).map(|pair| {
        let &[high, low] = pair else { return None };
        let (high, low) = (char::from(high).to_digit(16)?, char::from(low).to_digit(16)?);
        u8::try_from(high * 16 + low).ok()
    });
    pairs.collect()
}
