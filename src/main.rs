//! The one binary; what it can do is in `thidua::cli`.

use std::process::ExitCode;

/// Gives memory back sooner than glibc's, whose arenas, one per thread, keep what the first seconds needed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    thidua::cli::main()
}
