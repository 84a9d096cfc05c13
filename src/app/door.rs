//! The one door for changes: begin, answer what was answered before, work, keep the answer, commit, let the news out.

use serde::Serialize;

use super::{App, idempotency};
use crate::{
    db::{Actor, Tx},
    kit::{answer::Answer, once::Once, problem::Problem},
};

impl App {
    /// Runs `work` in one transaction. An error undoes all of it. Under an `Idempotency-Key` the answer is kept in the same
    /// transaction, and the same request gets it again; two of them at once are one effect.
    pub async fn change<T: Serialize>(&self, once: Once, work: impl AsyncFnOnce(&Tx) -> Answer<T>) -> Answer<T> {
        let tx = self.db.begin(self.clock.now(), once.actor()).await?;
        let Some(key) = once.key else {
            let reply = work(&tx).await?;
            self.apply(&tx.commit().await?);
            return Ok(reply);
        };
        if let Some(kept) = idempotency::claim(&tx, &key).await? {
            return Ok(kept.into());
        }
        let rendered = work(&tx).await?.render()?;
        idempotency::keep(&tx, &key, &rendered).await?;
        self.apply(&tx.commit().await?);
        Ok(rendered.into())
    }

    /// The same for a change that no client asked for or that has no answer to keep.
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
