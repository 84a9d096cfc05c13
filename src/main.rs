//! The one binary; what it can do is in `thidua::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    thidua::cli::main()
}
