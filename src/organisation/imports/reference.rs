//! How rows name units, whatever else they are about.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::file::Column;

/// How a row names a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnitReference {
    /// By our id of it.
    pub id: Option<Uuid>,
    /// By its code.
    pub code: Option<String>,
    /// By its name, or its code again.
    pub name: Option<String>,
    /// By the name or the code of the unit above it: many party cells are called "Chi bộ 1".
    pub parent: Option<String>,
}

impl UnitReference {
    /// Does it name none?
    pub const fn is_empty(&self) -> bool {
        self.id.is_none() && self.code.is_none() && self.name.is_none()
    }

    /// The column that names it.
    pub const fn column(&self) -> Column {
        match self {
            Self { id: Some(_), .. } => Column::UnitId,
            Self { code: Some(_), .. } => Column::UnitCode,
            _ => Column::Unit,
        }
    }
}
