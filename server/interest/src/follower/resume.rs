//! Clients that come back: rows that they hold from before, and that their subscriptions show as they hold them, are not sent again.
//!
//! A client claims its rows by slot and digest before it subscribes. A claim is only ever compared with a row that goes out to
//! this client anyway, as the client would see it; so claims tell nobody more than the whole result would.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;

use ambit_model::{RowLayout, Schema, Slot, TableSchema, Timestamp, delta};
use ambit_wire::{
    BlockKind, Claim, LeaveReason, Op, TableBlocks, WireError, begin_table, end_table, row_digest,
    write_delete, write_delta, write_insert, write_insert_columns,
};

use super::{ClientUpdate, Follower};
use crate::client::ClientId;

/// What a client claims, until all subscriptions from before are told.
pub(super) struct Resume {
    /// Of the digests.
    key: [u64; 2],
    /// By the tables as the client knows them.
    layouts: Vec<RowLayout>,
    /// Digests of rows that the client holds, and that it was not told of yet.
    claims: BTreeMap<(u16, Slot), u64>,
    /// Whether the client has asked for all subscriptions.
    is_ending: bool,
    is_over: bool,
}

/// The clients that are coming back.
#[derive(Default)]
pub(super) struct Resumes(BTreeMap<ClientId, Resume>);

/// What an update says of a table, taken apart.
#[derive(Default)]
struct Told {
    leaves: Vec<u8>,
    others: Vec<u8>,
    /// The block of its quantised columns, with its head.
    motion: Vec<u8>,
}

impl Follower {
    /// Takes in what a client holds from before its connection was lost, before it subscribes to anything. Each of its first
    /// results leaves out the rows that the client holds as they are. What was there before of this client is forgotten.
    pub fn resume(&mut self, id: ClientId, key: [u64; 2], claims: impl IntoIterator<Item = Claim>) {
        let client = self.by_id.get(&id).and_then(|&place| self.clients.get(place)?.as_ref());
        let Some(client) = client else { return };
        let schema: &Schema =
            client.earlier.as_deref().map_or(&*self.world.schema, |earlier| earlier.schema());
        // Of a table that there is not, nothing can be told.
        let is_known = |claim: &Claim| usize::from(claim.table) < schema.tables.len();
        let claims = claims.into_iter().filter(is_known);
        let claims = claims.map(|Claim { table, slot, digest }| ((table, slot), digest));
        let resume = Resume {
            key,
            layouts: schema.tables.iter().map(TableSchema::layout).collect(),
            claims: claims.collect(),
            is_ending: false,
            is_over: false,
        };
        self.resumes.0.insert(id, resume);
    }

    /// The client has asked for all subscriptions from before. Its next update has the results of all of them, takes away the
    /// rows that none shows, and says that it has caught up; there is one even if there is nothing else to tell.
    pub fn end_resume(&mut self, id: ClientId) {
        let Some(resume) = self.resumes.0.get_mut(&id) else { return };
        resume.is_ending = true;
        let Some(&place) = self.by_id.get(&id) else { return };
        let cohort = self.clients.get(place).and_then(|client| client.as_ref()?.cohort);
        if let Some(cohort) = cohort.and_then(|cohort| self.cohorts.get_mut(cohort)) {
            cohort.tell_news(place);
        }
    }

    /// Whether somebody has caught up who is in no cohort, so that no flush would say so.
    pub(super) fn has_caught_up(&self) -> bool {
        let is_alone = |id| self.cohort_of(id).is_none();
        self.resumes.0.iter().any(|(id, resume)| resume.is_ending && is_alone(*id))
    }

    /// After a flush of these cohorts: tells those who have caught up and had no update, and forgets what was claimed.
    pub(super) fn finish_resumes(&mut self, flushed: &[bool], sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        if self.resumes.0.is_empty() {
            return;
        }
        let mut resumes = mem::take(&mut self.resumes);
        for (&client, resume) in &mut resumes.0 {
            let is_flushed = match self.cohort_of(client) {
                Some(cohort) => flushed.get(cohort).copied().unwrap_or_default(),
                None => true,
            };
            if resume.is_ending && !resume.is_over && is_flushed {
                sink(resume.tell(ClientUpdate::without_news(client, (self.offset, self.timestamp))));
            }
        }
        resumes.0.retain(|_, resume| !resume.is_over);
        self.resumes = resumes;
    }

    fn cohort_of(&self, id: ClientId) -> Option<usize> {
        self.by_id.get(&id).and_then(|&place| self.clients.get(place)?.as_ref()?.cohort)
    }
}

impl Resumes {
    /// Forgets a client.
    pub fn forget(&mut self, id: ClientId) {
        self.0.remove(&id);
    }

    /// Hands an update on, without what its client holds already.
    pub fn pass(&mut self, update: ClientUpdate<'_>, sink: &mut dyn FnMut(ClientUpdate<'_>)) {
        match self.0.get_mut(&update.client) {
            Some(resume) => sink(resume.tell(update)),
            None => sink(update),
        }
    }
}

impl Resume {
    fn tell<'a>(&mut self, update: ClientUpdate<'a>) -> ClientUpdate<'a> {
        let told = self.compare(&update.blocks);
        debug_assert!(told.is_ok(), "an update of the follower cannot be read");
        let Ok(mut told) = told else { return update };
        if self.is_ending {
            for ((table, slot), _) in mem::take(&mut self.claims) {
                write_delete(&mut told.entry(table).or_default().leaves, slot, LeaveReason::Away);
            }
            self.is_over = true;
        }
        let mut blocks = Vec::with_capacity(update.blocks.len());
        for (table, Told { leaves, others, motion }) in told {
            let mark = begin_table(&mut blocks, table);
            blocks.extend_from_slice(&leaves);
            blocks.extend_from_slice(&others);
            end_table(&mut blocks, mark);
            blocks.extend_from_slice(&motion);
        }
        ClientUpdate { resumed: self.is_over, blocks: Cow::Owned(blocks), ..update }
    }

    /// Takes the blocks of an update apart, and leaves out rows that enter as the client holds them.
    fn compare(&mut self, blocks: &[u8]) -> Result<BTreeMap<u16, Told>, WireError> {
        let mut tables: BTreeMap<u16, Told> = BTreeMap::new();
        let mut row = Vec::new();
        for block in TableBlocks::new(blocks) {
            let block = block?;
            let Some(layout) = self.layouts.get(usize::from(block.table)) else { continue };
            let told = tables.entry(block.table).or_default();
            if block.kind == BlockKind::Motion {
                let mark = ambit_wire::begin_motion(&mut told.motion, block.table);
                told.motion.extend_from_slice(block.bytes);
                end_table(&mut told.motion, mark);
                continue;
            }
            for op in block.ops(layout) {
                let op = op?;
                let claimed = self.claims.remove(&(block.table, op.slot()));
                match op {
                    Op::Delete { slot, reason } => write_delete(&mut told.leaves, slot, reason),
                    Op::Delta { slot, mask, packed } => {
                        write_delta(&mut told.others, slot, mask, &[]);
                        told.others.extend_from_slice(packed);
                    }
                    Op::Insert { slot, row: bytes } => {
                        if is_held(self.key, claimed, bytes, slot, &mut told.leaves) {
                            continue;
                        }
                        write_insert(&mut told.others, slot, bytes);
                    }
                    Op::InsertColumns { slot, mask, packed } => {
                        row.clear();
                        let blank = layout.blank_row();
                        let whole = delta::apply_columns(layout, &blank, mask, packed, &mut row);
                        if whole.is_ok() && is_held(self.key, claimed, &row, slot, &mut told.leaves) {
                            continue;
                        }
                        write_insert_columns(&mut told.others, slot, mask, packed);
                    }
                }
            }
        }
        Ok(tables)
    }
}

/// Whether a row that enters is the one that the client claims to have in this slot. If it has another one there, that leaves.
fn is_held(key: [u64; 2], claimed: Option<u64>, row: &[u8], slot: Slot, leaves: &mut Vec<u8>) -> bool {
    let Some(digest) = claimed else { return false };
    if digest == row_digest(key, row) {
        return true;
    }
    write_delete(leaves, slot, LeaveReason::Away);
    false
}

impl ClientUpdate<'_> {
    /// An update that says nothing.
    fn without_news(client: ClientId, (offset, timestamp): (u64, Timestamp)) -> Self {
        Self {
            client,
            offset,
            timestamp,
            applied: Vec::new(),
            ended: Vec::new(),
            refused: Vec::new(),
            inspections: Vec::new(),
            resumed: false,
            blocks: Cow::Borrowed(&[]),
        }
    }
}
