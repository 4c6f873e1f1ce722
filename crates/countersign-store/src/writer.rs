//! The writer: one task in each process, which carries out together what is asked while it is busy. One commit to the
//! disk then serves many requests.

use std::time::Duration;

use countersign_accounts::change::Revision;
use sqlx::{AnyConnection, Connection as _};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::commit::{self, Commit};
use crate::engine::Engine;
use crate::error::StoreError;
use crate::row::{Row, bigint};
use crate::sql;
use crate::wake::Wake;

/// How many requests one transaction carries out at most.
const TOGETHER: usize = 64;
/// How long one transaction may take, waiting for other writers included.
const ATTEMPT: Duration = Duration::from_secs(15);
/// How long to wait before each attempt. Longer ones are only for a commit whose outcome is not known.
const PAUSES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(50)];
const LONGER_PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3)];

/// A request on its way to the writer.
pub(crate) struct Asked {
    pub(crate) commit: Commit,
    pub(crate) answer: oneshot::Sender<Result<Revision, StoreError>>,
}

/// Takes requests until the store is closed, and then those that are still waiting.
pub(crate) async fn write(
    engine: Engine,
    mut asked: mpsc::Receiver<Asked>,
    wake: Wake,
    mut stop: watch::Receiver<bool>,
) {
    let mut connection = None;
    loop {
        let first = tokio::select! {
            biased;
            next = asked.recv() => next,
            _ = stop.wait_for(|stop| *stop), if !asked.is_closed() => {
                asked.close();
                continue;
            }
        };
        let Some(first) = first else { break };
        let mut batch = vec![first];
        while batch.len() < TOGETHER
            && let Ok(next) = asked.try_recv()
        {
            batch.push(next);
        }
        let commits: Vec<&Commit> = batch.iter().map(|asked| &asked.commit).collect();
        let answers = carry_out(&engine, &mut connection, &commits).await;
        if answers.iter().any(Result::is_ok) {
            wake.committed();
        }
        for (asked, answer) in batch.into_iter().zip(answers) {
            // Whoever asked may have gone away.
            let _ = asked.answer.send(answer);
        }
    }
    if let Some(connection) = connection {
        let _ = connection.close().await;
    }
}

/// Carries out requests, again where the database went away. To try again is safe even where the first attempt was
/// already committing: the log is asked for each request id, once the lock shows that the first attempt has ended.
async fn carry_out(
    engine: &Engine,
    connection: &mut Option<AnyConnection>,
    commits: &[&Commit],
) -> Vec<Result<Revision, StoreError>> {
    let mut outcome_unknown = false;
    let mut failure = StoreError::Closed;
    let mut pauses = PAUSES.iter().chain(&LONGER_PAUSES).enumerate();
    while let Some((attempts, pause)) = pauses.next()
        && (attempts < PAUSES.len() || outcome_unknown)
    {
        tokio::time::sleep(*pause).await;
        let mut committing = false;
        failure = match timeout(ATTEMPT, attempt(engine, connection, commits, &mut committing)).await {
            Ok(Ok(answers)) => return answers,
            Ok(Err(failure)) => failure,
            Err(_) => StoreError::Unavailable(format!("`{}` does not answer", engine.place)),
        };
        // Whatever state it is in, it ends with its connection.
        *connection = None;
        outcome_unknown |= committing && !failure.is_final();
        tracing::warn!(error = %failure, committing, "a transaction failed");
        if failure.is_final() && !outcome_unknown {
            break;
        }
    }
    let told = |commit: &&Commit| match outcome_unknown {
        true => StoreError::OutcomeUnknown { request: commit.request.clone() },
        false => failure.clone(),
    };
    commits.iter().map(|commit| Err(told(commit))).collect()
}

/// One transaction for all requests, or where one of them has an error, another one that finds out which.
async fn attempt(
    engine: &Engine,
    connection: &mut Option<AnyConnection>,
    commits: &[&Commit],
    committing: &mut bool,
) -> Result<Vec<Result<Revision, StoreError>>, StoreError> {
    let connection = match connection {
        Some(connection) => connection,
        none => none.insert(engine.connect().await?),
    };
    match all(engine, connection, commits, committing).await? {
        Some(revisions) => Ok(revisions.into_iter().map(Ok).collect()),
        None => each(engine, connection, commits, committing).await,
    }
}

/// One transaction in which all requests are carried out, as they most often can be. Each costs but the statements of its
/// own. None where one of them cannot, or was before: then nothing is done.
async fn all(
    engine: &Engine,
    connection: &mut AnyConnection,
    commits: &[&Commit],
    committing: &mut bool,
) -> Result<Option<Vec<Revision>>, StoreError> {
    let mut transaction = connection.begin_with(engine.begin_write()).await?;
    let mut head = lock_head(&mut transaction).await?;
    let mut revisions = Vec::with_capacity(commits.len());
    for commit in commits {
        match commit::carry_out_anew(&mut transaction, commit, &mut head).await {
            Ok(revision) => revisions.push(revision),
            Err(_) => {
                transaction.rollback().await?;
                return Ok(None);
            }
        }
    }
    move_head(&mut transaction, head).await?;
    *committing = true;
    transaction.commit().await?;
    Ok(Some(revisions))
}

/// One transaction in which an error of one request undoes that request alone; an error returned undoes all.
async fn each(
    engine: &Engine,
    connection: &mut AnyConnection,
    commits: &[&Commit],
    committing: &mut bool,
) -> Result<Vec<Result<Revision, StoreError>>, StoreError> {
    let mut transaction = connection.begin_with(engine.begin_write()).await?;
    let before = lock_head(&mut transaction).await?;
    let mut head = before;
    let mut answers = Vec::with_capacity(commits.len());
    for commit in commits {
        let mut one = transaction.begin().await?;
        match commit::carry_out(&mut one, commit, &mut head).await {
            Ok(revision) => {
                one.commit().await?;
                answers.push(Ok(revision));
            }
            Err(failure @ (StoreError::Unavailable(_) | StoreError::Closed)) => return Err(failure),
            Err(failure) if failure.is_final() => return Err(failure),
            Err(refused) => {
                one.rollback().await?;
                answers.push(Err(refused));
            }
        }
    }
    if head == before {
        transaction.rollback().await?;
        return Ok(answers);
    }
    move_head(&mut transaction, head).await?;
    *committing = true;
    transaction.commit().await?;
    Ok(answers)
}

async fn move_head(connection: &mut AnyConnection, head: Head) -> Result<(), StoreError> {
    let moved = sqlx::query(sql::MOVE_HEAD).bind(bigint(head.seq));
    match moved.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(no_head()),
    }
}

/// Where the log ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) epoch: u32,
    /// The number of the last change.
    pub(crate) seq: u64,
}

/// Makes this transaction the only writer until it ends, and returns where the log ends.
pub(crate) async fn lock_head(connection: &mut AnyConnection) -> Result<Head, StoreError> {
    let rows = sqlx::query(sql::LOCK_HEAD).fetch_all(connection).await?;
    let row = rows.first().ok_or_else(no_head)?;
    let row = Row { row, table: "change_head", key: "seq" };
    Ok(Head { epoch: row.count("epoch")?, seq: row.count("seq")? })
}

fn no_head() -> StoreError {
    StoreError::Inconsistent { table: "change_head", column: "id", row: "1".to_owned() }
}
