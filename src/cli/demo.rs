//! plug
use super::{Verdict, args::DemoArgs, ground::Setup};
pub async fn run(_: Setup, _: DemoArgs) -> anyhow::Result<Verdict> { Ok(Verdict::Well) }
