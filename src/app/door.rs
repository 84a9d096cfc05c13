//! The one door for changes: begin, answer what was answered before, work, keep the answer, commit, let the news out.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    App,
    idempotency::{self, Claim},
};
use crate::{
    audit::{self, Subject},
    db::{Actor, Tx},
    kit::{
        http::{Answer, RequestContext},
        problems::Problem,
    },
};

impl App {
    /// Runs `work` in one transaction. An error undoes all of it. Under an `Idempotency-Key` the answer is kept in the same
    /// transaction, and the same request gets it again; two of them at once are one effect.
    pub async fn change<T: Serialize>(
        &self,
        context: RequestContext,
        work: impl AsyncFnOnce(&Tx) -> Answer<T>,
    ) -> Answer<T> {
        let actor = context.actor();
        let Some(key) = context.key else {
            return self.change_as(actor, work).await;
        };
        loop {
            let tx = self.db.begin(self.clock.now(), actor.clone()).await?;
            match idempotency::claim(&tx, &self.vault, &key).await {
                Ok(Claim::Taken) => {
                    let rendered = self
                        .carry_out(tx, async |tx| {
                            let rendered = work(tx).await?.render()?;
                            idempotency::keep(tx, &self.vault, &key, &rendered).await?;
                            Ok(rendered)
                        })
                        .await?;
                    return Ok(rendered.into());
                }
                Ok(Claim::Kept(kept)) => {
                    undo(tx).await;
                    return Ok(kept.into());
                }
                Ok(Claim::Expired) => {
                    undo(tx).await;
                    self.change_as(actor.clone(), async |tx| idempotency::drop_expired(tx, &key).await).await?;
                }
                Err(problem) => {
                    undo(tx).await;
                    return Err(problem);
                }
            }
        }
    }

    /// Writes down that whoever makes this request has read personal data of each of `subjects`; see `audit::accessed`. For
    /// handlers that change nothing else.
    pub async fn accessed(
        &self,
        context: &RequestContext,
        action: &'static str,
        subjects: &[Subject],
    ) -> Result<(), Problem> {
        if subjects.is_empty() {
            return Ok(());
        }
        self.change_as(context.actor(), async |tx| {
            for subject in subjects {
                audit::accessed(tx, action, *subject).await?;
            }
            Ok(())
        })
        .await
    }

    /// The same for what a list shows of many, in one row: `ids` of what was read, of which `subject` is the whole. Nothing is
    /// written where there are none.
    pub async fn accessed_among(
        &self,
        context: &RequestContext,
        action: &'static str,
        subject: Subject,
        ids: &[Uuid],
    ) -> Result<(), Problem> {
        if ids.is_empty() {
            return Ok(());
        }
        let after = json!({"ids": ids});
        self.change_as(context.actor(), async |tx| audit::record(tx, action, subject, None, Some(after)).await).await
    }

    /// Runs `work` in one transaction, as `change` does, where no client asked for it or there is no answer to keep.
    pub async fn change_as<T>(
        &self,
        actor: Actor,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let tx = self.db.begin(self.clock.now(), actor).await?;
        self.carry_out(tx, work).await
    }

    /// Commits what `work` does, and lets the news out; or undoes it.
    async fn carry_out<T>(&self, tx: Tx, work: impl AsyncFnOnce(&Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        match work(&tx).await {
            Ok(value) => {
                self.apply(&tx.commit().await?);
                Ok(value)
            }
            Err(problem) => {
                undo(tx).await;
                Err(problem)
            }
        }
    }
}

/// Undoes a change before its failure is answered: whoever tries again at once finds nothing of it in the way.
async fn undo(tx: Tx) {
    if let Err(error) = tx.roll_back().await {
        // Its connection is closed, which undoes it too.
        tracing::debug!(%error, "a change could not be rolled back");
    }
}
