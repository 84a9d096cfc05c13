//! Background work: it may take longer than a request, and takes no connection away from one.

tokio::task_local! {
    static JOB: ();
}

/// Does `work` as background work: on connections of its own, without the limits of time that requests have. What it spawns
/// is not part of it.
pub async fn as_job<F: Future>(work: F) -> F::Output {
    JOB.scope((), work).await
}

pub(super) fn is_job() -> bool {
    JOB.try_with(|()| ()).is_ok()
}
