//! A publish, on the engine's thread: between two calls the tables are brought to the new schema and the module takes over.
//!
//! The module's file is written when everything that can fail has been done, and before the log hears of it. If the server
//! dies in between, the next start does the same migration with the same rows.

use std::collections::HashMap;
use std::sync::Arc;

use ambit_engine::Published;
use ambit_model::Schema;
use tokio::sync::oneshot;

use super::super::command::{FollowerCommand, Publication, PublishOutcome, PublishRefusal, PublishReply};
use super::super::plan_report::PlanReport;
use super::super::views::View;
use super::EngineThread;
use crate::log_lines::Level;
use crate::{clock, limits};

impl EngineThread {
    pub(super) fn publish(&mut self, publication: &Publication, reply: oneshot::Sender<PublishReply>) {
        let outcome = match self.round.failure() {
            Some(failure) => Err(PublishRefusal::Server(failure.to_owned())),
            None => self.try_publish(publication),
        };
        // If the publisher has gone, the module stays all the same.
        drop(reply.send(outcome));
    }

    fn try_publish(&mut self, publication: &Publication) -> PublishReply {
        let refused = |error: ambit_engine::PublishError| PublishRefusal::Refused(error.to_string());
        let plan = self.database.plan(&publication.module).map_err(refused)?;
        let report = PlanReport::new(&plan, publication.module.schema(), self.database.store());
        if publication.is_dry_run {
            return Ok(PublishOutcome { offset: None, plan: report });
        }
        if plan.is_destructive() && !publication.is_confirmed {
            return Err(PublishRefusal::Unconfirmed(Box::new(report)));
        }
        // What comes before goes to the log before: it may be told that a snapshot is to come first.
        self.hand_over();
        if ambit_engine::touches_unlogged(self.database.schema(), &plan) {
            // Should the snapshot after the migration be lost, a replay of it begins with the same rows.
            self.snapshot_and_wait(self.database.last_offset()).map_err(PublishRefusal::Server)?;
        }
        let now = clock::now();
        let mut prepared = self.database.prepare_publish(&publication.module, now).map_err(refused)?;
        self.round.take_lines(prepared.take_logs());
        let confirmed = match plan.is_destructive() {
            true => self.dir.confirm(&publication.hash),
            false => Ok(()),
        };
        let written = confirmed.and_then(|()| self.dir.write_module(&publication.wasm, &publication.hash));
        if let Err(error) = written {
            self.database.cancel_publish(prepared);
            return Err(PublishRefusal::Server(error.to_string()));
        }
        let published = self.database.complete_publish(prepared, publication.hash, now);
        let offset = published.change_set.offset;
        self.take_published(published);
        self.run_init();
        self.hand_over();
        Ok(PublishOutcome { offset: Some(offset), plan: report })
    }

    /// Tells everybody of another module.
    pub(super) fn take_published(&mut self, published: Published) {
        self.round.take_published(&mut self.database, &published);
        let changes = changes_told(&published);
        let needs_snapshot = published.needs_snapshot;
        let is_same = self.shared.schema().schema == *self.database.schema();
        self.shared.set_schema(Arc::clone(self.database.schema()));
        self.round.follow(FollowerCommand::Migrate {
            schema: Arc::clone(self.database.schema()),
            plan: Arc::clone(&published.plan),
            change_set: Arc::new(published.change_set),
        });
        if !is_same {
            self.renew_views();
        }
        if needs_snapshot {
            self.snapshot_before_log();
        }
        let text = match is_same {
            true => "another module of the same tables and reducers has taken over".to_owned(),
            false => format!("another module has taken over: {changes}"),
        };
        self.shared.lines.server(Level::Info, text);
    }

    /// Works out what the reducer ids of clients that were welcomed earlier mean now.
    fn renew_views(&mut self) {
        let now: Arc<Schema> = Arc::clone(self.database.schema());
        // Clients that were welcomed with the same schema share a view.
        let mut views: HashMap<*const Schema, Arc<View>> = HashMap::new();
        for client in self.clients.values_mut() {
            let view = views.entry(Arc::as_ptr(&client.schema));
            let view = view.or_insert_with(|| Arc::new(View::new(&client.schema, &now)));
            client.view = Some(Arc::clone(view));
        }
    }
}

/// What is different, in a few words.
fn changes_told(published: &Published) -> String {
    let changes: Vec<String> =
        published.plan.changes.iter().take(limits::CHANGES_TOLD_MAX).map(ToString::to_string).collect();
    match published.plan.changes.len().saturating_sub(changes.len()) {
        _ if changes.is_empty() => "its tables are as before".to_owned(),
        0 => changes.join(", "),
        more => format!("{} and {more} more changes", changes.join(", ")),
    }
}
