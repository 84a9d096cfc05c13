//! What can be said on the command line.

use std::{num::NonZeroU16, path::PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::kit::http::Role;

/// Thi Đua: the backend of a mini app for emulation campaigns.
#[derive(Debug, Parser)]
#[command(name = "thidua", version, propagate_version = true)]
pub struct Args {
    /// A TOML file of settings; each can be set in the environment too: [server] listen is THIDUA_SERVER__LISTEN.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the embedded database and its master key are [default: ./data, for the demo ./data/demo].
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// `sqlite://…` or `postgres://…` instead of the embedded database.
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub database: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try everything: a filled database, the server, and a stand-in for the Zalo platform.
    Demo(DemoArgs),
    /// The server, with the relay inside.
    Serve(ServeArgs),
    /// The relay's workers alone; any number of them.
    Relay,
    /// Bring the database's schema up to date, take the last step back, or say what is pending.
    Migrate {
        /// Which way.
        #[arg(value_enum, default_value_t = Direction::Up)]
        direction: Direction,
    },
    /// Write the OpenAPI document and the list of routes to openapi/. Needs no database.
    Openapi {
        /// Write nothing; exit with 1 when what is there differs.
        #[arg(long)]
        check: bool,
    },
    /// What is wrong with this configuration, and how to mend it; exit with 1 when something is, not for mere warnings.
    Doctor,
    /// Accounts of staff.
    Staff {
        /// What to do with them.
        #[command(subcommand)]
        command: StaffCommand,
    },
    /// The keys that sign access tokens.
    Key {
        /// What to do with them.
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// A short-lived access token, for scripts.
    Token {
        /// Whose: a username.
        #[arg(long, value_name = "USERNAME")]
        staff: String,
    },
    /// Copy the embedded database, while it is in use, to a file that does not exist yet, and check the copy.
    Backup {
        /// Where to.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a backup of the embedded database in its place, while nothing else uses it.
    Restore {
        /// Which backup.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Set the database aside that is there now.
        #[arg(long)]
        replace: bool,
    },
    /// Compare every stored figure with a recount from the ledger; exit with 1 on any drift.
    Recount {
        /// Compare and change nothing; so it is without this too.
        #[arg(long)]
        verify: bool,
        /// Make the figures what the ledger says; exit with 1 when something is left that needs a person.
        #[arg(long, conflicts_with = "verify")]
        repair: bool,
    },
}

/// How to try everything.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Address and port; the Zalo stand-in takes the next port. Port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Begin anew: remove the embedded database first.
    #[arg(long)]
    pub fresh: bool,
}

/// How to serve.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Address and port. Port 0 is any that is free.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Worker threads [default: one for each processor].
    #[arg(long, value_name = "COUNT")]
    pub workers: Option<NonZeroU16>,
    /// Leave the relay to processes of its own (`thidua relay`).
    #[arg(long)]
    pub no_relay: bool,
    /// Expect the schema to be up to date.
    #[arg(long)]
    pub no_migrate: bool,
}

/// Which way to migrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// Up to date.
    Up,
    /// The last step back. Data that only it could hold is lost.
    Down,
    /// Nowhere; say what is pending.
    Status,
}

/// What to do with accounts of staff.
#[derive(Debug, Subcommand)]
pub enum StaffCommand {
    /// Make an account. Without --password-stdin a password is made up and printed, once.
    Add {
        /// What they sign in as; the same in upper and lower case.
        username: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: StaffRole,
        /// Over which unit and all below it; an admin's role is everywhere.
        #[arg(long, value_name = "ID", required_if_eq_any([("role", "unit_manager"), ("role", "editor")]))]
        unit: Option<Uuid>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set another password; every session of theirs ends. Without --password-stdin one is made up and printed, once.
    Password {
        /// Whose.
        username: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let nobody sign in with an account any more; every session of theirs ends within seconds.
    Disable {
        /// Which.
        username: String,
    },
    /// Let an account be used again.
    Enable {
        /// Which.
        username: String,
    },
    /// Take the second factor away, for whoever has lost the authenticator and the recovery codes.
    RemoveTotp {
        /// Whose.
        username: String,
    },
}

/// What to do with the keys that sign access tokens.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make the next key. It is published at once and signs ten minutes later; the old one verifies until its last token has
    /// ended. Nothing is restarted, and nobody is signed out.
    Rotate {
        /// Change nothing; list the keys.
        #[arg(long, conflicts_with = "compromised")]
        list: bool,
        /// Somebody else has a key: the new one signs at once, and every token of the old ones ends at once.
        #[arg(long)]
        compromised: bool,
    },
}

/// The roles that staff have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum StaffRole {
    /// Everything, everywhere.
    Admin,
    /// Publishes for a unit and all below it.
    Editor,
    /// Verifies and manages for a unit and all below it.
    UnitManager,
}

impl From<StaffRole> for Role {
    fn from(role: StaffRole) -> Self {
        match role {
            StaffRole::Admin => Self::Admin,
            StaffRole::Editor => Self::Editor,
            StaffRole::UnitManager => Self::UnitManager,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_well_described() {
        Args::command().debug_assert();
    }

    #[test]
    fn whoever_manages_or_edits_does_so_for_a_unit() {
        assert!(Args::try_parse_from(["thidua", "staff", "add", "an", "--role", "admin"]).is_ok());
        assert!(Args::try_parse_from(["thidua", "staff", "add", "an", "--role", "editor"]).is_err());
    }
}
