//! Who has the machine: tests share it, except for those that measure how long something takes while much is going on.

use std::{
    cell::RefCell,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

static MACHINE: RwLock<()> = RwLock::new(());

thread_local! {
    /// What the test of this thread has of it, until the thread ends.
    static HELD: RefCell<Held> = const { RefCell::new(Held::Nothing) };
}

enum Held {
    Nothing,
    Share { _guard: RwLockReadGuard<'static, ()> },
    All { _guard: RwLockWriteGuard<'static, ()> },
}

/// Waits while a test has the machine for itself. Every database that is made begins with it.
pub fn share_the_machine() {
    HELD.with_borrow_mut(|held| {
        if matches!(held, Held::Nothing) {
            *held = Held::Share { _guard: MACHINE.read().unwrap_or_else(PoisonError::into_inner) };
        }
    });
}

/// Waits until no other test runs, and keeps the next ones waiting until this one ends. The first line of a test.
pub fn have_the_machine_alone() {
    HELD.with_borrow_mut(|held| {
        *held = Held::Nothing;
        *held = Held::All { _guard: MACHINE.write().unwrap_or_else(PoisonError::into_inner) };
    });
}
