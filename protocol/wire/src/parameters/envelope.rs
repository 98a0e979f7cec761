//! Parameters in the envelope of a message.

use flatbuffers::{ForwardsUOffset, UnionWIPOffset, Vector, WIPOffset};

use super::{ParameterValue, Parameters};
use crate::envelope::Builder;
use crate::error::{WireError, at_most};
use crate::limits;
use crate::messages_generated::messages_generated as fb;

/// Parameters as a message holds them.
pub(crate) type List<'a> = Vector<'a, ForwardsUOffset<fb::Parameter<'a>>>;

/// Writes parameters; a message without any has no list.
pub(crate) fn write<'a>(
    out: &mut Builder,
    parameters: &Parameters,
) -> Option<WIPOffset<Vector<'a, ForwardsUOffset<fb::Parameter<'a>>>>> {
    if parameters.is_empty() {
        return None;
    }
    let mut list = Vec::with_capacity(parameters.len());
    for (name, value) in parameters.iter() {
        let name = Some(out.create_string(name));
        let (value_type, value) = write_value(out, value);
        let args = fb::ParameterArgs { name, value_type, value: Some(value) };
        list.push(fb::Parameter::create(out, &args));
    }
    Some(out.create_vector(&list))
}

fn write_value(out: &mut Builder, value: &ParameterValue) -> (fb::ParameterValue, WIPOffset<UnionWIPOffset>) {
    use fb::ParameterValue as Kind;
    match value {
        ParameterValue::Bool(value) => {
            let args = fb::BoolParameterArgs { value: *value };
            (Kind::BoolParameter, fb::BoolParameter::create(out, &args).as_union_value())
        }
        ParameterValue::Integer(value) => {
            let args = fb::IntegerParameterArgs { low: *value as u64, high: (*value >> 64) as i64 };
            (Kind::IntegerParameter, fb::IntegerParameter::create(out, &args).as_union_value())
        }
        ParameterValue::Float(value) => {
            let args = fb::FloatParameterArgs { value: *value };
            (Kind::FloatParameter, fb::FloatParameter::create(out, &args).as_union_value())
        }
        ParameterValue::Text(text) => {
            let args = fb::TextParameterArgs { value: Some(out.create_string(text)) };
            (Kind::TextParameter, fb::TextParameter::create(out, &args).as_union_value())
        }
        ParameterValue::Bytes(bytes) => {
            let args = fb::BytesParameterArgs { value: Some(out.create_vector(bytes)) };
            (Kind::BytesParameter, fb::BytesParameter::create(out, &args).as_union_value())
        }
        ParameterValue::Point2([x, y]) => {
            let args = fb::Point2ParameterArgs { x: *x, y: *y };
            (Kind::Point2Parameter, fb::Point2Parameter::create(out, &args).as_union_value())
        }
        ParameterValue::Point3([x, y, z]) => {
            let args = fb::Point3ParameterArgs { x: *x, y: *y, z: *z };
            (Kind::Point3Parameter, fb::Point3Parameter::create(out, &args).as_union_value())
        }
    }
}

/// Reads and checks what a message holds.
pub(crate) fn read(list: Option<List<'_>>) -> Result<Parameters, WireError> {
    let mut parameters = Parameters::new();
    for parameter in list.into_iter().flatten() {
        let name = parameter.name();
        // Otherwise a large value would be copied only to be refused.
        at_most("a parameter", value_bytes(parameter), limits::PARAMETER_BYTES_MAX)?;
        if parameters.get(name).is_some() {
            return Err(WireError::ParameterTwice(name.to_owned()));
        }
        parameters.set(name, read_value(parameter)?)?;
    }
    Ok(parameters)
}

fn value_bytes(parameter: fb::Parameter<'_>) -> usize {
    let text = parameter.value_as_text_parameter().map(|text| text.value().len());
    let bytes = parameter.value_as_bytes_parameter().map(|bytes| bytes.value().len());
    text.or(bytes).unwrap_or(0)
}

fn read_value(parameter: fb::Parameter<'_>) -> Result<ParameterValue, WireError> {
    use fb::ParameterValue as Kind;
    let value = match parameter.value_type() {
        Kind::BoolParameter => {
            parameter.value_as_bool_parameter().map(|value| ParameterValue::Bool(value.value()))
        }
        Kind::IntegerParameter => parameter.value_as_integer_parameter().map(|value| {
            let (low, high) = (i128::from(value.low()), i128::from(value.high()));
            ParameterValue::Integer(high << 64 | low)
        }),
        Kind::FloatParameter => {
            parameter.value_as_float_parameter().map(|value| ParameterValue::Float(value.value()))
        }
        Kind::TextParameter => {
            parameter.value_as_text_parameter().map(|text| ParameterValue::Text(text.value().to_owned()))
        }
        Kind::BytesParameter => parameter
            .value_as_bytes_parameter()
            .map(|bytes| ParameterValue::Bytes(bytes.value().bytes().to_vec())),
        Kind::Point2Parameter => {
            parameter.value_as_point_2_parameter().map(|point| ParameterValue::Point2([point.x(), point.y()]))
        }
        Kind::Point3Parameter => parameter
            .value_as_point_3_parameter()
            .map(|point| ParameterValue::Point3([point.x(), point.y(), point.z()])),
        other => {
            return Err(WireError::Unknown { what: "kind of parameter", number: other.0.into() });
        }
    };
    value.ok_or_else(|| WireError::Envelope("a parameter has no value".into()))
}
