//! The segment that is being written, and how it comes to be.

use crate::medium::{Medium, MediumFile};
use crate::segment;
use crate::writer::{AppendError, medium_error};

/// The segment that is being written.
pub(crate) struct OpenSegment {
    pub name: String,
    pub file: Box<dyn MediumFile>,
    /// Where the next write goes.
    pub position: usize,
    /// Where the next segment must begin.
    pub capacity: usize,
    /// What the checksums of its frames start from.
    pub salt: u32,
    /// The epoch of its records.
    pub epoch: u32,
}

/// Makes the zeroed spare file a segment. Its header is durable before it has its name, and its name before it has records.
pub(crate) fn name_spare(
    medium: &dyn Medium,
    header: segment::Header,
    capacity: usize,
) -> Result<OpenSegment, AppendError> {
    let name = segment::segment_name(header.first);
    let mut file = medium.open(segment::SPARE_NAME).map_err(medium_error("open", segment::SPARE_NAME))?;
    file.write_at(0, &header.encode()).map_err(medium_error("write the header of", &name))?;
    file.sync().map_err(medium_error("sync the header of", &name))?;
    medium.rename(segment::SPARE_NAME, &name).map_err(medium_error("name", &name))?;
    medium.sync().map_err(medium_error("sync the folder of", &name))?;
    let file = medium.open(&name).map_err(medium_error("open", &name))?;
    let segment::Header { salt, epoch, .. } = header;
    Ok(OpenSegment { name, file, position: segment::HEADER_BYTES, capacity, salt, epoch })
}
