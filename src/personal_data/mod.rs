//! Personal data: one tagged inventory of every column there is, from which both the export and the erasure of a member are
//! made. What somebody did stays and counts; who they were can be taken away.

mod actions;
mod consent;
mod export;
mod inventory;
mod listing;
mod store;
mod tag;

pub use actions::{
    Erased, Source, apply_erasures_again, clear_what_needs, erase, erase_now, finish_erasure, hold, hold_avatar,
    hold_shared, remove_avatar, retire, settle_erasure, try_hold, try_hold_shared,
};
pub use consent::Consent;
pub use export::export;
pub use inventory::tables;
pub use store::{Kind, schema};
pub use tag::{Found, How, Rows, Table, Tag};

/// What a member is called once they are erased.
pub const ERASED_NAME: &str = "Người dùng đã xóa";
