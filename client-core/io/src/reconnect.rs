//! A connection's life over all its sockets: one that is lost is made again, until that makes no sense any more.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use ambit_client_core::Lost;
use ambit_wire::goodbye;
use tokio::time::Instant;

use crate::connection::{self, Attempt};
use crate::limits;
use crate::link::Link;
use crate::options::{Options, Target};
use crate::state::{ConnectionState, DisconnectReason};

/// Runs a client's connections until the last one is over; the last state says why.
pub(crate) async fn run(link: Arc<Link>, options: Options) {
    let reason = tokio::select! {
        reason = live(&link, &options) => reason,
        reason = connection::close_in_time(&link) => reason,
    };
    link.set_state(ConnectionState::Disconnected { reason });
}

async fn live(link: &Link, options: &Options) -> DisconnectReason {
    let target = match options.target() {
        Ok(target) => target,
        Err(problem) => return DisconnectReason::Options(problem),
    };
    let first = Attempt { target: &target, token: options.token.clone(), is_return: false };
    let mut reason = connection::serve(link, first).await;
    while let Some(token) = link.token() {
        if link.is_closing() {
            return DisconnectReason::Closed;
        }
        if !may_pass(&reason) {
            break;
        }
        let lost = link.lose(&reason);
        match connect_again(link, (&target, token), lost, options.reconnect_for).await {
            Some(next) => reason = next,
            None => break,
        }
    }
    if link.is_closing() { DisconnectReason::Closed } else { reason }
}

/// Tries until a connection stands, and serves it; why that one is over, or none if the time to try is.
async fn connect_again(
    link: &Link,
    (target, token): (&Target, String),
    lost: Instant,
    patience: Option<Duration>,
) -> Option<DisconnectReason> {
    let welcomes = link.welcomes();
    let chance = RandomState::new();
    for attempt in 0_u64.. {
        let now = Instant::now();
        let next = now + wait(now - lost, chance.hash_one(attempt));
        if patience.is_some_and(|patience| next - lost > patience) {
            return None;
        }
        if !sleep_until(link, next).await {
            return Some(DisconnectReason::Closed);
        }
        let attempt = Attempt { target, token: Some(token.clone()), is_return: true };
        let reason = connection::serve(link, attempt).await;
        if link.welcomes() > welcomes || !may_pass(&reason) {
            return Some(reason);
        }
        // It may have got as far as the Welcome.
        link.session().lose(Lost::default());
    }
    None
}

/// How long to wait before the next attempt: an eighth of the time since the connection was lost, so that nobody is away for
/// much longer than the server was, less up to half of it by chance, so that not all clients come at once ("equal jitter", AWS
/// Architecture Blog, Exponential Backoff And Jitter).
fn wait(lost_for: Duration, chance: u64) -> Duration {
    let longest = (lost_for / 8).clamp(limits::RECONNECT_WAIT_MIN, limits::RECONNECT_WAIT_MAX);
    longest / 2 + (longest / 2).mul_f64(chance as f64 / u64::MAX as f64)
}

/// Whether the game still wants a connection then.
async fn sleep_until(link: &Link, moment: Instant) -> bool {
    let rest = tokio::time::sleep_until(moment);
    tokio::pin!(rest);
    while !link.is_closing() {
        tokio::select! {
            () = &mut rest => return true,
            // Whoever wants something to be sent wakes it too.
            () = link.wake.notified() => {}
        }
    }
    false
}

/// Whether another connection may stand where this one has ended.
fn may_pass(reason: &DisconnectReason) -> bool {
    match reason {
        DisconnectReason::Lost(_) | DisconnectReason::Unreachable(_) => true,
        DisconnectReason::Goodbye { code, .. } => {
            matches!(*code, goodbye::SHUTDOWN | goodbye::TOO_SLOW | goodbye::DATABASE)
        }
        DisconnectReason::Options(_)
        | DisconnectReason::Protocol(_)
        | DisconnectReason::SchemaChanged(_)
        | DisconnectReason::Closed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_follow_the_time_since_the_loss() {
        let at = |seconds, chance| wait(Duration::from_secs_f64(seconds), chance).as_secs_f64();
        assert_eq!(at(0.0, u64::MAX), limits::RECONNECT_WAIT_MIN.as_secs_f64());
        assert_eq!(at(0.0, 0), limits::RECONNECT_WAIT_MIN.as_secs_f64() / 2.0);
        assert_eq!(at(8.0, u64::MAX), 1.0);
        assert_eq!(at(8.0, 0), 0.5);
        assert_eq!(at(1e6, u64::MAX), limits::RECONNECT_WAIT_MAX.as_secs_f64());
        let halfway = at(8.0, u64::MAX / 2);
        assert!((0.74..0.76).contains(&halfway), "{halfway}");
    }
}
