//! The one binary; what it can do is in `thidua::cli`.

use std::process::ExitCode;

/// Gives back what the first seconds needed. glibc's, with an arena for each thread, keeps it: a quarter of an idle server's memory.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    thidua::cli::main()
}
