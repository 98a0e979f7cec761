//! Named limits of the data model. Each says how it was chosen.

/// Columns in one table, fields in one struct. A column mask is one `u64`.
pub const COLUMNS_MAX: usize = 64;

/// Tables in one schema. Table ids are `u16`; a real game has tens.
pub const TABLES_MAX: usize = 1_024;

/// Reducers in one schema. Reducer ids are `u16`; a real game has hundreds.
pub const REDUCERS_MAX: usize = 4_096;

/// Indexes of one table. Every insert pays for each of them.
pub const INDEXES_MAX: usize = 32;

/// References of one table to others. Every insert and every delete of a named row pays for each of them.
pub const REFERENCES_MAX: usize = 16;

/// Rules of one table that say which rows clients may see. Each is tested for every row that changes; a game has one or two.
pub const RULES_MAX: usize = 8;

/// Bytes of one such rule: as many as a query may have (the wire's limit of SQL).
pub const RULE_BYTES_MAX: usize = 4 << 10;

/// Migration functions of one module. A module that is years old has tens of versions behind it.
pub const MIGRATIONS_MAX: usize = 256;

/// Variants of one enum: the tag is one byte.
pub const VARIANTS_MAX: usize = 256;

/// Nesting of types (an option of a list of a struct …). Bounds recursion in every decoder.
pub const TYPE_DEPTH_MAX: usize = 16;

/// Bytes of one row, heap included. A row must fit a message with room to spare.
pub const ROW_BYTES_MAX: usize = 1 << 20;

/// Bytes of one row's fixed part. Keeps a page of rows small and column offsets in `u16` range.
pub const ROW_FIXED_BYTES_MAX: usize = 32 * 1024;

/// Elements of one list: as many as a row has bytes. Elements without bytes, which a schema refuses, would know no
/// other bound.
pub const LIST_ELEMENTS_MAX: usize = 1 << 20;

/// Bytes of a table, column, reducer, type or variant name.
pub const NAME_BYTES_MAX: usize = 64;

/// Bytes of an encoded schema. Generous: 1,024 tables of 64 documented columns stay below it.
pub const SCHEMA_BYTES_MAX: usize = 16 << 20;

/// Rows of one table. Slots are `u32`; the top bit stays free for packing.
pub const ROWS_PER_TABLE_MAX: usize = 1 << 31;

/// Quantised columns of one table: a body has a position, a rotation, two velocities and some angles. Rows that change in the
/// same columns travel together, so that more columns are more groups.
pub const QUANTIZED_COLUMNS_MAX: usize = 8;

/// The least and the highest priority of a table, and of a row as a factor. Two digits each way are more than games make use of,
/// and their product leaves what is overdue far behind.
pub const PRIORITY_MIN: f32 = 0.01;
/// See [`PRIORITY_MIN`].
pub const PRIORITY_MAX: f32 = 100.0;

/// The smallest step of a quantised number. Finer ones are no shorter than exact values at any distance that matters.
pub const QUANTIZE_STEP_MIN: f64 = 1e-9;

/// The largest step of a quantised number, and the largest turn of an angle.
pub const QUANTIZE_STEP_MAX: f64 = 1e9;

/// Steps of a turn: an `f32` tells angles apart that are a sixth of such a step from each other.
pub const QUANTIZE_ANGLES_MAX: f64 = (1 << 20) as f64;

/// The smallest step of a quaternion's components: a few units in the last place of an `f32`.
pub const QUANTIZE_QUATERNION_STEP_MIN: f64 = 1e-6;

/// The largest step of a quaternion's components: some ten degrees, of which nobody would want more.
pub const QUANTIZE_QUATERNION_STEP_MAX: f64 = 0.1;

/// Steps from zero up to which an `f32` is quantised: it is then told to an eighth of a step. With 1 cm these are 20 km.
/// Numbers farther out are sent exactly.
pub const QUANTIZED_F32_MAX: i32 = 1 << 21;

/// Steps from zero up to which an `f64` is quantised, so that the difference of two has 32 bits. With 1 cm these are 10,000 km.
pub const QUANTIZED_F64_MAX: i32 = (1 << 30) - 1;
