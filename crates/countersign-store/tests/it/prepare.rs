//! Every statement is one that its engines understand.

use countersign_store::sql::{ALL, On};
use sqlx::{AnyConnection, Connection as _, Executor as _, SqlSafeStr as _};

use crate::kit::*;

on_both_engines! { every_statement_prepares }

async fn every_statement_prepares(place: Place) {
    place.open().await.close().await;
    let other = if place.url.starts_with("sqlite") { On::Postgres } else { On::Sqlite };
    let mut connection = AnyConnection::connect(&place.url).await.unwrap();
    let mut prepared = 0;
    for (on, name, text) in ALL {
        if *on != other {
            if let Err(error) = (&mut connection).prepare(sqlx::AssertSqlSafe(*text).into_sql_str()).await {
                panic!("{name}: {error}");
            }
            prepared += 1;
        }
    }
    assert!(prepared >= 40, "{prepared}");
}
