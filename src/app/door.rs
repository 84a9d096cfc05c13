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
    kit::{answer::Answer, once::Once, problem::Problem},
};

impl App {
    /// Runs `work` in one transaction. An error undoes all of it. Under an `Idempotency-Key` the answer is kept in the same
    /// transaction, and the same request gets it again; two of them at once are one effect.
    pub async fn change<T: Serialize>(&self, once: Once, work: impl AsyncFnOnce(&Tx) -> Answer<T>) -> Answer<T> {
        let actor = once.actor();
        let mut tx = self.db.begin(self.clock.now(), actor.clone()).await?;
        let Some(key) = once.key else {
            let reply = work(&tx).await?;
            self.apply(&tx.commit().await?);
            return Ok(reply);
        };
        loop {
            match idempotency::claim(&tx, &self.vault, &key).await? {
                Claim::Taken => break,
                Claim::Kept(kept) => return Ok(kept.into()),
                Claim::Expired => {
                    tx.roll_back().await?;
                    self.change_as(actor.clone(), async |tx| idempotency::drop_expired(tx, &key).await).await?;
                    tx = self.db.begin(self.clock.now(), actor.clone()).await?;
                }
            }
        }
        let rendered = work(&tx).await?.render()?;
        idempotency::keep(&tx, &self.vault, &key, &rendered).await?;
        self.apply(&tx.commit().await?);
        Ok(rendered.into())
    }

    /// Writes down that whoever makes this request has read personal data of each of `subjects`; see `audit::accessed`. For
    /// handlers that change nothing else.
    pub async fn accessed(&self, once: &Once, action: &'static str, subjects: &[Subject]) -> Result<(), Problem> {
        if subjects.is_empty() {
            return Ok(());
        }
        self.change_as(once.actor(), async |tx| {
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
        once: &Once,
        action: &'static str,
        subject: Subject,
        ids: &[Uuid],
    ) -> Result<(), Problem> {
        if ids.is_empty() {
            return Ok(());
        }
        let after = json!({"ids": ids});
        self.change_as(once.actor(), async |tx| audit::record(tx, action, subject, None, Some(after)).await).await
    }

    /// Runs `work` in one transaction, as `change` does, where no client asked for it or there is no answer to keep.
    pub async fn change_as<T>(
        &self,
        actor: Actor,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let tx = self.db.begin(self.clock.now(), actor).await?;
        let value = work(&tx).await?;
        self.apply(&tx.commit().await?);
        Ok(value)
    }
}
