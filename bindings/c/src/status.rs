//! Statuses, the text of the last error, and the guard around every function.

#![expect(unsafe_code, reason = "C passes pointers")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ambit_client::{PlainValueError, SendError};

use crate::types::{AmbitClient, AmbitText};

/// What became of a call of this library. Numbers are never reused.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmbitStatus {
    /// Done; the outputs are written.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullArgument = 1,
    /// A text is not UTF-8.
    NotUtf8 = 2,
    /// There is no such row, table, index, reducer or subscription.
    NotFound = 3,
    /// The server has not welcomed the client yet.
    NotConnected = 4,
    /// Too much waits to be sent or answered.
    Full = 5,
    /// The arguments or the query do not fit a message.
    TooLarge = 6,
    /// A value is impossible: a rate, a row of arguments, a key.
    BadArgument = 7,
    /// The connection is over.
    Disconnected = 8,
    /// A defect in this library; the client should be freed.
    Panic = 9,
}

pub(crate) struct Failure {
    status: AmbitStatus,
    text: String,
}

impl Failure {
    pub(crate) fn new(status: AmbitStatus, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(crate) fn bad(problem: impl std::fmt::Display) -> Self {
        Self::new(AmbitStatus::BadArgument, problem.to_string())
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let status = match error {
            SendError::Full { .. } => AmbitStatus::Full,
            SendError::TooLarge { .. } => AmbitStatus::TooLarge,
            SendError::Delivery(_) | SendError::Parameter(_) | SendError::Arguments { .. } => {
                AmbitStatus::BadArgument
            }
            SendError::UnknownReducer(_) | SendError::UnknownSubscription(_) => AmbitStatus::NotFound,
            SendError::Disconnected(_) => AmbitStatus::Disconnected,
            SendError::Reconnecting => AmbitStatus::NotConnected,
        };
        Self::new(status, error.to_string())
    }
}

impl From<PlainValueError> for Failure {
    fn from(error: PlainValueError) -> Self {
        let status = match error {
            PlainValueError::Kind(_) => AmbitStatus::BadArgument,
            PlainValueError::NotUtf8 => AmbitStatus::NotUtf8,
        };
        Self::new(status, error.to_string())
    }
}

thread_local! {
    static LAST_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the body of a function: a failure leaves its text, a panic becomes a status.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Failure>) -> AmbitStatus {
    match attempt(body) {
        Ok(()) => AmbitStatus::Ok,
        Err(failure) => {
            LAST_ERROR.with(|last| *last.borrow_mut() = failure.text);
            failure.status
        }
    }
}

/// Runs the body of a function; a panic becomes a failure.
fn attempt(body: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let defect =
        || Failure::new(AmbitStatus::Panic, "a defect in the Ambit client; its message is on stderr");
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(defect()))
}

/// The client behind a pointer of the caller's.
///
/// # Safety
/// `client` is NULL or came from ambit_client_connect, is alive, and nobody else uses it for as long as `'a`.
pub(crate) unsafe fn lend<'a>(client: *mut AmbitClient) -> Result<&'a mut AmbitClient, Failure> {
    // SAFETY: the caller's promise is this function's own.
    unsafe { client.as_mut() }.ok_or_else(|| null("client"))
}

/// A struct of the caller's that is only read.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that does not change for as long as `'a`.
pub(crate) unsafe fn read<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Failure> {
    // SAFETY: the caller's promise is this function's own.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// Refuses a NULL where an output goes, before there is anything to write. The memory behind it may hold anything,
/// so there is never a reference to it.
pub(crate) fn room<T>(out: *mut T, name: &str) -> Result<(), Failure> {
    if out.is_null() { Err(null(name)) } else { Ok(()) }
}

/// Writes an output.
///
/// # Safety
/// `out` is NULL or points to memory for a `T`.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) -> Result<(), Failure> {
    room(out, "the output")?;
    // SAFETY: not NULL, and the caller promises room for a `T`.
    unsafe { out.write(value) };
    Ok(())
}

/// The caller's bytes; NULL is allowed when there are none.
///
/// # Safety
/// `bytes` is NULL or points to `length` readable bytes that do not change for as long as `'a`.
pub(crate) unsafe fn bytes<'a>(bytes: *const u8, length: usize) -> Result<&'a [u8], Failure> {
    // SAFETY: the caller's promise is this function's own.
    unsafe { lent(bytes, length, "the bytes") }
}

/// The caller's structs; NULL is allowed when there are none.
///
/// # Safety
/// `first` is NULL or points to `count` of them that do not change for as long as `'a`.
pub(crate) unsafe fn list<'a, T>(first: *const T, count: usize) -> Result<&'a [T], Failure> {
    // SAFETY: the caller's promise is this function's own.
    unsafe { lent(first, count, "the list") }
}

/// # Safety
/// As [`list`].
unsafe fn lent<'a, T>(first: *const T, count: usize, name: &str) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    if first.is_null() {
        return Err(null(name));
    }
    // More than memory can hold: a negative number that became a count.
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Failure::bad(format!("{name} cannot have the length {count}")));
    }
    // SAFETY: not NULL, not too long, and the caller promises that many.
    Ok(unsafe { std::slice::from_raw_parts(first, count) })
}

/// The caller's text.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text<'a>(text: AmbitText) -> Result<&'a str, Failure> {
    // SAFETY: the caller's promise is this function's own.
    let bytes = unsafe { bytes(text.bytes, text.length) }?;
    std::str::from_utf8(bytes).map_err(|error| Failure::new(AmbitStatus::NotUtf8, error.to_string()))
}

fn null(name: &str) -> Failure {
    Failure::new(AmbitStatus::NullArgument, format!("{name} is NULL"))
}

/// The text of the last failure on this thread, empty before the first. Valid until the next failure on this
/// thread.
///
/// # Safety
/// `out` points to an AmbitText.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ambit_error_text(out: *mut AmbitText) -> AmbitStatus {
    // The guard would replace the text that is being asked for.
    let given = attempt(|| {
        let text = LAST_ERROR.with(|last| AmbitText::new(&last.borrow()));
        // SAFETY: the caller's promise.
        unsafe { put(out, text) }
    });
    given.map_or_else(|failure| failure.status, |()| AmbitStatus::Ok)
}
