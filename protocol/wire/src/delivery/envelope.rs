//! Tiers in the envelope of a message. Whether their numbers are possible is said where the subscription begins: a server then
//! answers that subscription, and does not end the connection.

use flatbuffers::{ForwardsUOffset, Vector, WIPOffset};

use super::{DeliveryError, Tier};
use crate::envelope::Builder;
use crate::error::WireError;
use crate::limits;
use crate::messages_generated::messages_generated as fb;

/// Tiers as a message holds them.
pub(crate) type List<'a> = Vector<'a, ForwardsUOffset<fb::Tier<'a>>>;

/// Writes tiers; a message without any has no list.
pub(crate) fn write<'a>(
    out: &mut Builder,
    tiers: &[Tier],
) -> Option<WIPOffset<Vector<'a, ForwardsUOffset<fb::Tier<'a>>>>> {
    if tiers.is_empty() {
        return None;
    }
    let mut list = Vec::with_capacity(tiers.len());
    for Tier { distance, rate, columns } in tiers {
        let names: Vec<_> = columns.iter().map(|name| out.create_string(name)).collect();
        let columns = (!names.is_empty()).then(|| out.create_vector(&names));
        list.push(fb::Tier::create(out, &fb::TierArgs { distance: *distance, rate: *rate, columns }));
    }
    Some(out.create_vector(&list))
}

/// Reads tiers; lists and names that are too long are refused before anything is kept.
pub(crate) fn read(list: Option<List<'_>>) -> Result<Vec<Tier>, WireError> {
    let Some(list) = list else { return Ok(Vec::new()) };
    if list.len() > limits::TIERS_MAX {
        return Err(DeliveryError::TooManyTiers(list.len()).into());
    }
    list.iter().zip(1..).map(|(tier, number)| read_tier(tier, number).map_err(WireError::from)).collect()
}

/// Reads the tier of this number.
fn read_tier(tier: fb::Tier<'_>, number: usize) -> Result<Tier, DeliveryError> {
    let columns = tier.columns();
    let count = columns.map_or(0, |names| names.len());
    if count > limits::TIER_COLUMNS_MAX {
        return Err(DeliveryError::TooManyColumns { tier: number, count });
    }
    let names = columns.into_iter().flat_map(|names| names.iter()).map(|name| {
        let length = name.len();
        let is_short = length <= limits::PARAMETER_NAME_BYTES_MAX;
        is_short.then(|| name.to_owned()).ok_or(DeliveryError::Name { tier: number, length })
    });
    Ok(Tier { distance: tier.distance(), rate: tier.rate(), columns: names.collect::<Result<_, _>>()? })
}
