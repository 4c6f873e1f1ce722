//! Sessions and devices: beside the change log, for nothing that programs send is judged by them.

use countersign::Timestamp;
use countersign_accounts::id::{AccountId, SessionId};
use countersign_accounts::session::{Device, Session, SessionLimits, Stage};
use countersign_accounts::token::TokenHash;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::{Conflict, StoreError};
use crate::row::Row;
use crate::usage::kept;
use crate::{Store, accounts, sql};

/// How many sessions and devices an account has at most. The least recently used go first.
const SESSIONS: i64 = 50;
const DEVICES: i64 = 20;

impl Store {
    /// Begins a session of an account that is in force.
    pub async fn create_session(&self, session: &Session, token: &TokenHash) -> Result<(), StoreError> {
        if session.account.as_str().contains('\0') {
            return Err(Conflict::NoSuchAccount(session.account.clone()).into());
        }
        let mut transaction = self.begin_writing().await?;
        let create = sqlx::query(sql::CREATE_SESSION)
            .bind(session.id.as_str())
            .bind(token.as_str())
            .bind(session.account.as_str())
            .bind(session.stage.as_str())
            .bind(session.created.unix_millis())
            .bind(session.seen.unix_millis())
            .bind(session.proved.unix_millis())
            .bind(kept(&session.address))
            .bind(kept(&session.client));
        if create.execute(&mut *transaction).await?.rows_affected() != 1 {
            accounts::must_be_active(&mut transaction, &session.account).await?;
            return Err(Conflict::SessionTaken.into());
        }
        let limit = sqlx::query(sql::LIMIT_SESSIONS).bind(session.account.as_str()).bind(SESSIONS);
        limit.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The session that a token opens, unless it is over by now.
    pub async fn find_session(
        &self,
        token: &TokenHash,
        now: Timestamp,
        limits: &SessionLimits,
    ) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(sql::FIND_SESSION)
            .bind(token.as_str())
            .bind(now.minus(limits.idle).unix_millis())
            .bind(now.minus(limits.longest).unix_millis());
        query.fetch_optional(self.pool()).await?.as_ref().map(read_session).transpose()
    }

    /// The sessions of an account that are not over, the last used first.
    pub async fn list_sessions(
        &self,
        account: &AccountId,
        now: Timestamp,
        limits: &SessionLimits,
    ) -> Result<Vec<Session>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let query = sqlx::query(sql::LIST_SESSIONS)
            .bind(account.as_str())
            .bind(now.minus(limits.idle).unix_millis())
            .bind(now.minus(limits.longest).unix_millis());
        query.fetch_all(self.pool()).await?.iter().map(read_session).collect()
    }

    /// Notes that a session was used. An earlier time than the one noted is passed over.
    pub async fn touch_session(
        &self,
        id: &SessionId,
        now: Timestamp,
        address: &str,
        client: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        let touch = sqlx::query(sql::TOUCH_SESSION)
            .bind(id.as_str())
            .bind(now.unix_millis())
            .bind(kept(address))
            .bind(kept(client));
        touch.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a session another token, and says how far it has come and when that was proved. Returns whether the token
    /// was the one that opened it: of two who ask at once, one is told so.
    pub async fn replace_session_token(
        &self,
        old: &TokenHash,
        new: &TokenHash,
        stage: Stage,
        proved: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let replace = sqlx::query(sql::REPLACE_SESSION_TOKEN)
            .bind(old.as_str())
            .bind(new.as_str())
            .bind(stage.as_str())
            .bind(proved.unix_millis());
        let replaced = replace.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(replaced)
    }

    /// Keeps what this side must know when the browser answers a question, such as a passkey's.
    pub async fn put_challenge(&self, id: &SessionId, challenge: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        let put = sqlx::query(sql::SET_CHALLENGE).bind(id.as_str()).bind(challenge);
        put.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes what was kept: nobody else gets it again.
    pub async fn take_challenge(&self, id: &SessionId) -> Result<Option<String>, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let find = sqlx::query(sql::FIND_CHALLENGE).bind(id.as_str());
        let Some(row) = find.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        let challenge = in_sessions(&row).optional_text("challenge")?;
        let clear = sqlx::query(sql::SET_CHALLENGE).bind(id.as_str()).bind(None::<&str>);
        clear.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(challenge)
    }

    /// Ends one session of an account. Returns whether there was such a session.
    pub async fn end_session(&self, account: &AccountId, id: &SessionId) -> Result<bool, StoreError> {
        if account.as_str().contains('\0') || id.as_str().contains('\0') {
            return Ok(false);
        }
        let mut transaction = self.begin_writing().await?;
        let end = sqlx::query(sql::END_SESSION).bind(id.as_str()).bind(account.as_str());
        let ended = end.execute(&mut *transaction).await?.rows_affected() == 1;
        transaction.commit().await?;
        Ok(ended)
    }

    /// Ends all sessions of an account, but for the one that is to stay.
    pub async fn end_sessions(&self, account: &AccountId, but: Option<&SessionId>) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        end_all(&mut transaction, account, but).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes the sessions that are over. Returns how many.
    pub async fn purge_sessions(&self, now: Timestamp, limits: &SessionLimits) -> Result<u64, StoreError> {
        let mut transaction = self.begin_writing().await?;
        let purge = sqlx::query(sql::PURGE_SESSIONS)
            .bind(now.minus(limits.idle).unix_millis())
            .bind(now.minus(limits.longest).unix_millis());
        let purged = purge.execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(purged)
    }

    /// Notes that an account was used with a browser, by the token that the browser keeps. Another account's browser
    /// stays another account's.
    pub async fn note_device(
        &self,
        token: &TokenHash,
        account: &AccountId,
        now: Timestamp,
        address: &str,
        client: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin_writing().await?;
        let note = sqlx::query(sql::NOTE_DEVICE)
            .bind(token.as_str())
            .bind(account.as_str())
            .bind(now.unix_millis())
            .bind(kept(address))
            .bind(kept(client));
        note.execute(&mut *transaction).await?;
        let limit = sqlx::query(sql::LIMIT_DEVICES).bind(account.as_str()).bind(DEVICES);
        limit.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The browser with this token, if the account was used with it.
    pub async fn find_device(
        &self,
        token: &TokenHash,
        account: &AccountId,
    ) -> Result<Option<Device>, StoreError> {
        let query = sqlx::query(sql::FIND_DEVICE).bind(token.as_str()).bind(account.as_str());
        query.fetch_optional(self.pool()).await?.as_ref().map(read_device).transpose()
    }

    /// The browsers that an account was used with, the last used first.
    pub async fn list_devices(&self, account: &AccountId) -> Result<Vec<Device>, StoreError> {
        if account.as_str().contains('\0') {
            return Ok(Vec::new());
        }
        let query = sqlx::query(sql::LIST_DEVICES).bind(account.as_str());
        query.fetch_all(self.pool()).await?.iter().map(read_device).collect()
    }
}

pub(crate) async fn end_all(
    connection: &mut AnyConnection,
    account: &AccountId,
    but: Option<&SessionId>,
) -> Result<(), StoreError> {
    let but = but.map_or("", SessionId::as_str);
    sqlx::query(sql::END_SESSIONS).bind(account.as_str()).bind(but).execute(connection).await?;
    Ok(())
}

fn read_session(row: &AnyRow) -> Result<Session, StoreError> {
    let row = in_sessions(row);
    Ok(Session {
        id: SessionId::from_text(row.text("id")?),
        account: AccountId::from_text(row.text("account")?),
        stage: row.parsed("stage", |text| Stage::from_text(text).ok_or(()))?,
        created: row.time("created")?,
        seen: row.time("seen")?,
        proved: row.time("proved")?,
        address: row.text("address")?,
        client: row.text("client")?,
    })
}

fn read_device(row: &AnyRow) -> Result<Device, StoreError> {
    let row = Row { row, table: "device", key: "token" };
    Ok(Device {
        token: TokenHash::from_text(row.text("token")?),
        account: AccountId::from_text(row.text("account")?),
        first_seen: row.time("first_seen")?,
        last_seen: row.time("last_seen")?,
        address: row.text("address")?,
        client: row.text("client")?,
    })
}

fn in_sessions(row: &AnyRow) -> Row<'_> {
    Row { row, table: "session", key: "id" }
}
