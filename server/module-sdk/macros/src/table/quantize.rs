//! `#[quantize]`: how a column travels in few bits. The limits are those of `ambit-model`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Ident, Lit, Meta, Result, Token};

const ALLOWS: &str = "numbers and vectors are quantised by `#[quantize(step = 0.01)]`, angles by `#[quantize(angle, step = 0.01)]` \
     or `#[quantize(angle, bits = 12)]` with `turn = 360` if they are degrees and `from = 0` if they are never negative, \
     quaternions by `#[quantize(quaternion)]`, `#[quantize(quaternion, bits = 12)]` or `#[quantize(quaternion, step = 0.001)]`";

/// Columns of a table that can be quantised.
pub const COLUMNS_MAX: usize = 8;

/// What the author wrote, checked.
#[derive(Clone, Copy)]
pub enum QuantizeModel {
    Step { step: f64 },
    Angle { step: f64, turn: f64, from: f64 },
    Quaternion { step: f64 },
}

/// The words in the parentheses.
#[derive(Default)]
struct Words {
    is_angle: bool,
    is_quaternion: bool,
    step: Option<(f64, Span)>,
    bits: Option<(f64, Span)>,
    turn: Option<(f64, Span)>,
    from: Option<(f64, Span)>,
}

impl QuantizeModel {
    pub fn read(attribute: &Attribute) -> Result<Self> {
        let Meta::List(list) = &attribute.meta else { return Err(Error::new_spanned(attribute, ALLOWS)) };
        let words = list.parse_args_with(Words::read)?;
        let refuse = || Err(Error::new_spanned(attribute, ALLOWS));
        match words {
            Words { is_angle: true, is_quaternion: true, .. }
            | Words { step: Some(_), bits: Some(_), .. } => refuse(),
            Words { is_angle: true, .. } => words.angle(attribute),
            Words { turn: Some((_, at)), .. } | Words { from: Some((_, at)), .. } => {
                Err(Error::new(at, ALLOWS))
            }
            Words { is_quaternion: true, step: Some((step, at)), .. } => {
                let step = within("the step of a quaternion's components", (step, at), 1e-6, 0.1)?;
                Ok(Self::Quaternion { step })
            }
            Words { is_quaternion: true, bits, .. } => {
                let bits = bits.map_or(Ok(10.0), |bits| whole_bits(bits, 4))?;
                Ok(Self::Quaternion { step: 2_f64.sqrt() / (2_f64.powf(bits) - 1.0) })
            }
            Words { step: Some(step), .. } => Ok(Self::Step { step: within("a step", step, 1e-9, 1e9)? }),
            Words { step: None, .. } => refuse(),
        }
    }

    pub fn code(self) -> TokenStream {
        // As bits: lints of the module's own would ask for constants in place of some numbers.
        let exact = |number: f64| {
            let bits = number.to_bits();
            quote! { f64::from_bits(#bits) }
        };
        let quantize = match self {
            Self::Step { step } => {
                let step = exact(step);
                quote! { Step { step: #step } }
            }
            Self::Angle { step, turn, from } => {
                let (step, turn, from) = (exact(step), exact(turn), exact(from));
                quote! { Angle { step: #step, turn: #turn, from: #from } }
            }
            Self::Quaternion { step } => {
                let step = exact(step);
                quote! { Quaternion { step: #step } }
            }
        };
        quote! { ::ambit_module::generated::Quantize::#quantize }
    }

    /// The function that fails to compile for a type which cannot be quantised so.
    pub fn check(self) -> TokenStream {
        match self {
            Self::Step { .. } => quote! { must_be_stepped },
            Self::Angle { .. } => quote! { must_be_angle },
            Self::Quaternion { .. } => quote! { must_be_quaternion },
        }
    }
}

impl Words {
    fn read(input: ParseStream<'_>) -> Result<Self> {
        let mut words = Self::default();
        loop {
            let word: Ident = input.parse().map_err(|error| Error::new(error.span(), ALLOWS))?;
            let twice = match word.to_string().as_str() {
                "angle" => std::mem::replace(&mut words.is_angle, true),
                "quaternion" => std::mem::replace(&mut words.is_quaternion, true),
                "step" => words.step.replace(number(input, &word)?).is_some(),
                "bits" => words.bits.replace(number(input, &word)?).is_some(),
                "turn" => words.turn.replace(number(input, &word)?).is_some(),
                "from" => words.from.replace(number(input, &word)?).is_some(),
                _ => return Err(Error::new(word.span(), ALLOWS)),
            };
            if twice {
                return Err(Error::new(word.span(), format!("`{word}` stands here twice")));
            }
            if input.is_empty() {
                return Ok(words);
            }
            input.parse::<Token![,]>().map_err(|error| Error::new(error.span(), ALLOWS))?;
            if input.is_empty() {
                return Ok(words);
            }
        }
    }

    fn angle(self, attribute: &Attribute) -> Result<QuantizeModel> {
        let turn = self.turn.map_or(Ok(std::f64::consts::TAU), |turn| within("a turn", turn, 1e-9, 1e9))?;
        let step = match (self.step, self.bits) {
            (Some(step), _) => within("the step of an angle", step, turn / 1_048_576.0, turn / 4.0)?,
            (None, Some(bits)) => turn / 2_f64.powf(whole_bits(bits, 2)?),
            (None, None) => return Err(Error::new_spanned(attribute, ALLOWS)),
        };
        let from = self
            .from
            .map_or(Ok(-turn / 2.0), |from| within("the least angle", from, -2.0 * turn, 2.0 * turn))?;
        Ok(QuantizeModel::Angle { step, turn, from })
    }
}

/// What follows a word: `=` and a number.
fn number(input: ParseStream<'_>, word: &Ident) -> Result<(f64, Span)> {
    let wrong = |error: Error| Error::new(error.span(), format!("`{word}` is followed by `=` and a number"));
    input.parse::<Token![=]>().map_err(wrong)?;
    let minus: Option<Token![-]> = input.parse().map_err(wrong)?;
    let literal: Lit = input.parse().map_err(wrong)?;
    let span = literal.span();
    let number = match &literal {
        Lit::Float(number) => number.base10_parse::<f64>().map_err(wrong)?,
        Lit::Int(number) => number.base10_parse::<f64>().map_err(wrong)?,
        Lit::Str(_)
        | Lit::ByteStr(_)
        | Lit::CStr(_)
        | Lit::Byte(_)
        | Lit::Char(_)
        | Lit::Bool(_)
        | Lit::Verbatim(_)
        | _ => {
            return Err(wrong(Error::new(span, "")));
        }
    };
    Ok((if minus.is_some() { -number } else { number }, span))
}

fn within(what: &str, (value, at): (f64, Span), least: f64, most: f64) -> Result<f64> {
    match (least..=most).contains(&value) {
        true => Ok(value),
        false => Err(Error::new(at, format!("{what} lies between {least} and {most}"))),
    }
}

fn whole_bits((bits, at): (f64, Span), least: u32) -> Result<f64> {
    match bits.fract() == 0.0 && (f64::from(least)..=20.0).contains(&bits) {
        true => Ok(bits),
        false => Err(Error::new(at, format!("{least} to 20 bits are possible"))),
    }
}
