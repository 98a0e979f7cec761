//! Chat: everyone in a zone hears what is said there.

use ambit_module::prelude::*;

use crate::player::myself;

/// Letters of a message.
const TEXT_LETTERS_MAX: usize = 200;

/// Time after which a message is forgotten.
const FORGET_AFTER: Duration = Duration::from_millis(5 * 60 * 1_000);

/// Messages that are forgotten at once: a full hall's backlog must not hold up a tick.
const FORGOTTEN_AT_ONCE_MAX: usize = 10_000;

/// Something said. Subscribe with `SELECT * FROM chat_message WHERE zone = 3`. It is forgotten after minutes anyway, so a
/// restart may forget it too, and the log stays free of small talk.
#[table(name = chat_message, public, durability = "ephemeral")]
pub struct ChatMessage {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    #[index(hash)]
    pub zone: u16,
    /// The speaker's name when it was said.
    pub speaker: String,
    pub text: String,
    #[index(ordered)]
    pub said_at: Timestamp,
}

/// Says something to everyone in the speaker's zone.
#[reducer]
fn say(ctx: &Context, text: String) -> Result<(), String> {
    let player = myself(ctx)?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > TEXT_LETTERS_MAX {
        return Err(format!("a message has 1 to {TEXT_LETTERS_MAX} letters"));
    }
    ctx.db.chat_message().insert(ChatMessage {
        id: 0,
        zone: player.zone,
        speaker: player.name,
        text: text.to_owned(),
        said_at: ctx.timestamp,
    });
    Ok(())
}

/// Forgets what was said long ago, the oldest first.
#[reducer(every = "10s")]
fn forget_old_messages(ctx: &Context) {
    let messages = ctx.db.chat_message();
    let long_ago = Timestamp(ctx.timestamp.0 - FORGET_AFTER.0);
    for message in messages.said_at().range(..long_ago).take(FORGOTTEN_AT_ONCE_MAX) {
        messages.delete(message.id);
    }
}
