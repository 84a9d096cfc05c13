//! What a reader finds by the way, and where it is.

use std::cell::RefCell;

use crate::kit::problems::faults::{Fault, Faults, LONGEST_PLACE, MOST_FAULTS};

/// How often something is found to be wrong before nothing more is looked for, each time at the same place perhaps.
pub const MOST_FINDINGS: usize = 10 * MOST_FAULTS;

/// What the reader notes down by the way.
#[derive(Default)]
pub struct Notes {
    found: RefCell<Found>,
    /// Where reading ended.
    pub failed: RefCell<Option<String>>,
}

#[derive(Default)]
struct Found {
    /// How often something was found to be wrong.
    count: usize,
    faults: Faults,
    items: Vec<Faults>,
    is_inside_item: bool,
}

impl Found {
    /// Where a fault goes now.
    fn current(&mut self) -> &mut Faults {
        let item = if self.is_inside_item { self.items.last_mut() } else { None };
        item.unwrap_or(&mut self.faults)
    }
}

impl Notes {
    /// All items together list no more faults than one answer does. The same fault over and over ends the search as well.
    pub fn add(&self, fault: Fault) {
        let mut found = self.found.borrow_mut();
        found.count = found.count.saturating_add(1);
        let of_items = found.items.iter().fold(0_usize, |sum, faults| sum.saturating_add(faults.len()));
        let is_told = !found.is_inside_item || of_items < MOST_FAULTS;
        let is_enough = found.count > MOST_FINDINGS;
        let current = found.current();
        if is_told && !is_enough { current.add(fault) } else { current.add_untold() }
    }

    /// Is there more wrong than is told? Then there is nothing more to look for.
    pub fn is_over(&self) -> bool {
        self.found.borrow_mut().current().has_more()
    }

    /// From here on faults are those of the next item.
    pub fn enter_item(&self) {
        let mut found = self.found.borrow_mut();
        found.items.push(Faults::new());
        found.is_inside_item = true;
    }

    /// From here on they are those of the whole body again.
    pub fn leave_item(&self) {
        self.found.borrow_mut().is_inside_item = false;
    }

    /// The faults of the whole body, and of each item.
    pub fn into_faults(self) -> (Faults, Vec<Faults>) {
        let Found { faults, items, .. } = self.found.into_inner();
        (faults, items)
    }
}

/// Where the reader is; written out only when there is something to say of it.
pub enum Place<'p> {
    /// The whole body, or an item that is answered by itself.
    Root,
    /// An item of a list, by its index.
    Item(&'p Place<'p>, usize),
    /// A field of an object, by its name.
    Field(&'p Place<'p>, &'p str),
}

impl Place<'_> {
    /// Its JSON Pointer (RFC 6901), or a little more of it than an answer shows.
    pub fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.write(&mut pointer);
        pointer
    }

    /// Ends a little after what an answer shows of it, which is cut there.
    fn write(&self, pointer: &mut String) {
        match self {
            Self::Root => {}
            Self::Item(parent, number) => {
                parent.write(pointer);
                if pointer.len() <= LONGEST_PLACE {
                    pointer.push('/');
                    pointer.push_str(&number.to_string());
                }
            }
            Self::Field(parent, name) => {
                parent.write(pointer);
                if pointer.len() <= LONGEST_PLACE {
                    pointer.push('/');
                }
                for letter in name.chars() {
                    match letter {
                        _ if pointer.len() > LONGEST_PLACE => break,
                        '~' => pointer.push_str("~0"),
                        '/' => pointer.push_str("~1"),
                        letter => pointer.push(letter),
                    }
                }
            }
        }
    }
}
