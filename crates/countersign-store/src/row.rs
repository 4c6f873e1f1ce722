//! Rows read into values. A row that this program cannot have written is named: table, column, key.

use countersign::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row as _, Type};

use crate::error::StoreError;

/// A row, with the table it is from and the column that names it there.
pub(crate) struct Row<'r> {
    pub(crate) row: &'r AnyRow,
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
}

impl Row<'_> {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(crate) fn optional_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    pub(crate) fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    /// A number that is never below zero.
    pub(crate) fn count<N: TryFrom<i64>>(&self, column: &'static str) -> Result<N, StoreError> {
        N::try_from(self.number(column)?).map_err(|_| self.inconsistent(column))
    }

    /// A number that is 0 or 1.
    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.number(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.inconsistent(column)),
        }
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.number(column).map(Timestamp::from_unix_millis)
    }

    pub(crate) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_unix_millis))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| self.inconsistent(column))
    }

    /// The text of a column as a value that has its own rules.
    pub(crate) fn parsed<T, E>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        parse(&self.text(column)?).map_err(|_| self.inconsistent(column))
    }

    pub(crate) fn inconsistent(&self, column: &'static str) -> StoreError {
        let key = self.row.try_get::<String, _>(self.key);
        let key = key.or_else(|_| self.row.try_get::<i64, _>(self.key).map(|number| number.to_string()));
        StoreError::Inconsistent { table: self.table, column, row: key.unwrap_or_default() }
    }

    fn get<'v, T: Decode<'v, Any> + Type<Any>>(&'v self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|_| self.inconsistent(column))
    }
}

/// A number for a BIGINT column. What does not fit is not met in practice, and is held at the edge.
pub(crate) fn bigint(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
