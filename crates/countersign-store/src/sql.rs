//! Every SQL statement of this crate but the migrations. A test prepares each of them on the engines it is for.

/// Where a statement is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Both,
    Sqlite,
    Postgres,
}

macro_rules! statements {
    ($($on:ident $name:ident = $text:literal;)*) => {
        $(pub(crate) const $name: &str = $text;)*

        /// All of them, each with its name.
        pub const ALL: &[(On, &str, &str)] = &[$((On::$on, stringify!($name), $text)),*];
    };
}

statements! {
    // The log. Whoever holds the head's row is the only writer until its transaction ends.
    Both LOCK_HEAD = "UPDATE change_head SET seq = seq WHERE id = 1 RETURNING epoch, seq";
    Both MOVE_HEAD = "UPDATE change_head SET seq = $1 WHERE id = 1";
    Both LAST_REVISION = "
        SELECT COALESCE(c.epoch, h.epoch) AS epoch, h.seq, CASE WHEN h.seq = 0 THEN 0 ELSE c.tag END AS tag
        FROM change_head h LEFT JOIN change c ON c.seq = h.seq WHERE h.id = 1";
    Both FIND_REQUEST = "SELECT epoch, seq, tag, body FROM change WHERE request = $1 ORDER BY part";
    Both RECORD = "
        INSERT INTO change (seq, epoch, tag, at, actor, request, part, account, access_key, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    // From the cursor's own row on, so that the row is there to be compared. One statement sees one state.
    Both CHANGES_FROM = "
        SELECT c.seq, c.epoch, c.tag, c.at, c.actor, c.request, c.body, k.secret
        FROM change c LEFT JOIN access_key k ON k.id = c.access_key AND k.change = c.seq
        WHERE c.seq >= $1 ORDER BY c.seq LIMIT $2";
    Both LIST_CHANGES = "
        SELECT seq, epoch, tag, at, actor, request, body FROM change WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
    Both LIST_CHANGES_OF_ACCOUNT = "
        SELECT seq, epoch, tag, at, actor, request, body FROM change
        WHERE account = $3 AND seq < $1 ORDER BY seq DESC LIMIT $2";

    // Accounts.
    Both OPEN_ACCOUNT = "
        INSERT INTO account (id, email, created, suspended, access_key_limit)
        VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING";
    // The last administrator in force stays one, and stays in force.
    Both SUSPEND_ACCOUNT = "
        UPDATE account SET suspended = 1 WHERE id = $1 AND suspended = 0 AND closed IS NULL
          AND (administrator = 0 OR EXISTS (
            SELECT 1 FROM account o WHERE o.administrator = 1 AND o.suspended = 0 AND o.closed IS NULL AND o.id <> $1))";
    Both RESUME_ACCOUNT = "UPDATE account SET suspended = 0 WHERE id = $1 AND suspended = 1 AND closed IS NULL";
    Both CLOSE_ACCOUNT = "
        UPDATE account SET closed = $2, email = $3, administrator = 0, password = NULL, password_set = NULL
        WHERE id = $1 AND closed IS NULL AND NOT EXISTS (SELECT 1 FROM account o WHERE o.email = $3 AND o.id <> $1)
          AND (administrator = 0 OR suspended = 1 OR EXISTS (
            SELECT 1 FROM account o WHERE o.administrator = 1 AND o.suspended = 0 AND o.closed IS NULL AND o.id <> $1))";
    Both CHANGE_EMAIL = "
        UPDATE account SET email = $2 WHERE id = $1 AND closed IS NULL
          AND NOT EXISTS (SELECT 1 FROM account o WHERE o.email = $2)";
    Both SET_ACCESS_KEY_LIMIT = "UPDATE account SET access_key_limit = $2 WHERE id = $1 AND closed IS NULL";
    Both APPOINT_ADMINISTRATOR = "
        UPDATE account SET administrator = 1
        WHERE id = $1 AND administrator = 0 AND suspended = 0 AND closed IS NULL";
    Both DISMISS_ADMINISTRATOR = "
        UPDATE account SET administrator = 0 WHERE id = $1 AND administrator = 1
          AND (suspended = 1 OR EXISTS (
            SELECT 1 FROM account o WHERE o.administrator = 1 AND o.suspended = 0 AND o.closed IS NULL AND o.id <> $1))";
    Both SET_PASSWORD = "UPDATE account SET password = $2, password_set = $3 WHERE id = $1 AND closed IS NULL";
    Both SET_LANGUAGE = "UPDATE account SET language = $2 WHERE id = $1 AND closed IS NULL";
    Both FIND_ACCOUNT = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account WHERE id = $1";
    Both FIND_ACCOUNT_BY_EMAIL = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account WHERE email = $1";
    Both LIST_ACCOUNTS = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account WHERE id > $1 ORDER BY id LIMIT $2";
    // `email` is in lower case, and so is what is looked for.
    Both SEARCH_ACCOUNTS = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account
        WHERE id > $1 AND (length(replace(email, $2, '')) < length(email) OR id = $3) ORDER BY id LIMIT $4";
    Both LIST_ADMINISTRATORS = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account WHERE administrator = 1 ORDER BY id";
    Both LIST_OLD_PASSWORDS = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account
        WHERE id > $1 AND password_set <= $2 AND suspended = 0 AND closed IS NULL ORDER BY id LIMIT $3";
    Both ALL_ACCOUNTS = "
        SELECT id, email, created, suspended, access_key_limit, administrator, closed, password_set, language
        FROM account ORDER BY id";
    Both FIND_PASSWORD = "SELECT password FROM account WHERE id = $1";

    // Sessions and devices, by the hashes of their tokens.
    Both CREATE_SESSION = "
        INSERT INTO session (id, token, account, stage, created, seen, proved, address, client)
        SELECT $1, $2, a.id, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8, $9
        FROM account a WHERE a.id = $3 AND a.suspended = 0 AND a.closed IS NULL
        ON CONFLICT DO NOTHING";
    Both LIMIT_SESSIONS = "
        DELETE FROM session WHERE account = $1
          AND id NOT IN (SELECT s.id FROM session s WHERE s.account = $1 ORDER BY s.seen DESC, s.id LIMIT $2)";
    Both FIND_SESSION = "
        SELECT id, account, stage, created, seen, proved, address, client FROM session
        WHERE token = $1 AND seen > $2 AND created > $3";
    Both LIST_SESSIONS = "
        SELECT id, account, stage, created, seen, proved, address, client FROM session
        WHERE account = $1 AND seen > $2 AND created > $3 ORDER BY seen DESC, id";
    Both TOUCH_SESSION = "
        UPDATE session SET seen = $2, address = $3, client = $4 WHERE id = $1 AND seen < $2";
    Both REPLACE_SESSION_TOKEN = "
        UPDATE session SET token = $2, stage = $3, proved = $4, challenge = NULL WHERE token = $1";
    Both SET_CHALLENGE = "UPDATE session SET challenge = $2 WHERE id = $1";
    Both FIND_CHALLENGE = "SELECT id, challenge FROM session WHERE id = $1";
    Both END_SESSION = "DELETE FROM session WHERE id = $1 AND account = $2";
    Both END_SESSIONS = "DELETE FROM session WHERE account = $1 AND id <> $2";
    Both PURGE_SESSIONS = "DELETE FROM session WHERE seen <= $1 OR created <= $2";
    Both NOTE_DEVICE = "
        INSERT INTO device (token, account, first_seen, last_seen, address, client)
        SELECT $1, a.id, CAST($3 AS BIGINT), CAST($3 AS BIGINT), $4, $5 FROM account a
        WHERE a.id = $2 AND a.closed IS NULL
        ON CONFLICT (token) DO UPDATE
        SET last_seen = excluded.last_seen, address = excluded.address, client = excluded.client
        WHERE device.account = excluded.account";
    Both LIMIT_DEVICES = "
        DELETE FROM device WHERE account = $1
          AND token NOT IN (
            SELECT d.token FROM device d WHERE d.account = $1 ORDER BY d.last_seen DESC, d.token LIMIT $2)";
    Both FIND_DEVICE = "
        SELECT token, account, first_seen, last_seen, address, client FROM device WHERE token = $1 AND account = $2";
    Both LIST_DEVICES = "
        SELECT token, account, first_seen, last_seen, address, client FROM device
        WHERE account = $1 ORDER BY last_seen DESC, token";
    Both FORGET_DEVICES = "DELETE FROM device WHERE account = $1";

    // What the operator has set while it runs.
    Both SET_SETTING = "
        INSERT INTO setting (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    Both FIND_SETTING = "SELECT name, value FROM setting WHERE name = $1";

    // Links, by the hashes of their tokens.
    Both CREATE_LINK = "
        INSERT INTO link (token, purpose, account, email, password, language, created, expires)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    Both LIMIT_LINKS = "
        DELETE FROM link WHERE email = $1 AND purpose = $2 AND token NOT IN (
          SELECT l.token FROM link l WHERE l.email = $1 AND l.purpose = $2 ORDER BY l.created DESC, l.token LIMIT $3)";
    Both FIND_LINK = "
        SELECT token, purpose, account, email, password, language, created, expires FROM link
        WHERE token = $1 AND expires > $2";
    Both USE_LINK = "DELETE FROM link WHERE token = $1 AND expires > $2";
    Both DROP_LINKS_TO_OPEN = "DELETE FROM link WHERE email = $1 AND purpose IN ('sign_up', 'invitation')";
    Both DROP_LINKS_OF_ACCOUNT = "DELETE FROM link WHERE account = $1 AND purpose = $2";
    Both DROP_LINKS_FOR = "DELETE FROM link WHERE purpose = $1";
    Both PURGE_LINKS = "DELETE FROM link WHERE expires <= $1";

    // Second factors and recovery codes. What a retired ring key seals is not taken, as with AccessKeys.
    Both ADD_FACTOR = "
        INSERT INTO second_factor (id, account, kind, name, created, step, secret)
        SELECT $1, a.id, $3, $4, CAST($5 AS BIGINT), CAST($8 AS BIGINT), $6 FROM account a
        WHERE a.id = $2 AND a.suspended = 0 AND a.closed IS NULL
          AND (NOT EXISTS (SELECT 1 FROM ring_key)
            OR EXISTS (SELECT 1 FROM ring_key g WHERE g.id = CAST($7 AS BIGINT)))
          AND (SELECT COUNT(*) FROM second_factor f WHERE f.account = a.id) < CAST($9 AS BIGINT)
        ON CONFLICT DO NOTHING";
    Both REMOVE_FACTOR = "DELETE FROM second_factor WHERE id = $1 AND account = $2";
    Both DROP_CODES_WITHOUT_FACTOR = "
        DELETE FROM recovery_code WHERE account = $1
          AND NOT EXISTS (SELECT 1 FROM second_factor f WHERE f.account = $1)";
    Both LIST_FACTORS = "
        SELECT id, account, kind, name, created, used, step, secret FROM second_factor
        WHERE account = $1 ORDER BY created, id";
    Both USE_STEP = "
        UPDATE second_factor SET step = $3, used = $4 WHERE id = $1 AND account = $2 AND step < $3";
    Both USE_PASSKEY = "
        UPDATE second_factor SET secret = $4, used = $5 WHERE id = $1 AND account = $2 AND secret = $3";
    Both SEALED_FACTORS = "
        SELECT id, account, secret FROM second_factor WHERE id > $1 ORDER BY id LIMIT $2";
    Both RESEAL_FACTOR = "
        UPDATE second_factor SET secret = $3
        WHERE id = $1 AND secret = $2 AND EXISTS (SELECT 1 FROM ring_key r WHERE r.id = $4 AND r.active = 1)";
    Both ADD_RECOVERY_CODE = "INSERT INTO recovery_code (account, hash) VALUES ($1, $2)";
    Both USE_RECOVERY_CODE = "DELETE FROM recovery_code WHERE account = $1 AND hash = $2";
    Both COUNT_RECOVERY_CODES = "SELECT COUNT(*) AS codes FROM recovery_code WHERE account = $1";

    // Real names. An approved one stays.
    Both SUBMIT_REAL_NAME = "
        INSERT INTO real_name (account, state, sealed, submitted)
        SELECT a.id, 'submitted', $2, CAST($3 AS BIGINT) FROM account a
        WHERE a.id = $1 AND a.suspended = 0 AND a.closed IS NULL
          AND (NOT EXISTS (SELECT 1 FROM ring_key)
            OR EXISTS (SELECT 1 FROM ring_key g WHERE g.id = CAST($4 AS BIGINT)))
        ON CONFLICT (account) DO UPDATE
        SET state = excluded.state, sealed = excluded.sealed, submitted = excluded.submitted,
            decided = NULL, decided_by = NULL, reason = NULL
        WHERE real_name.state <> 'approved'";
    Both DECIDE_REAL_NAME = "
        UPDATE real_name SET state = $3, decided = $4, decided_by = $5, reason = $6
        WHERE account = $1 AND state = 'submitted' AND submitted = $2";
    Both FIND_REAL_NAME = "
        SELECT account, state, sealed, submitted, decided, decided_by, reason FROM real_name WHERE account = $1";
    Both LIST_REAL_NAMES = "
        SELECT account, state, sealed, submitted, decided, decided_by, reason FROM real_name
        WHERE state = $1 ORDER BY submitted, account LIMIT $2";
    Both SEALED_REAL_NAMES = "
        SELECT account AS id, account, sealed AS secret FROM real_name WHERE account > $1 ORDER BY account LIMIT $2";
    Both RESEAL_REAL_NAME = "
        UPDATE real_name SET sealed = $3
        WHERE account = $1 AND sealed = $2 AND EXISTS (SELECT 1 FROM ring_key r WHERE r.id = $4 AND r.active = 1)";

    // Refusals, counted by the hour, and so many rows for an account at most.
    Both NOTE_REFUSAL = "
        INSERT INTO refusal (account, access_key, reason, address, hour, count, last)
        SELECT a.id, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM account a
        WHERE a.id = $1 AND a.closed IS NULL
          AND ((SELECT COUNT(*) FROM refusal r WHERE r.account = $1) < CAST($8 AS BIGINT)
            OR EXISTS (SELECT 1 FROM refusal r WHERE r.account = $1 AND r.access_key = $2 AND r.reason = $3
              AND r.address = $4 AND r.hour = CAST($5 AS BIGINT)))
        ON CONFLICT (account, access_key, reason, address, hour) DO UPDATE
        SET count = refusal.count + excluded.count,
            last = CASE WHEN excluded.last > refusal.last THEN excluded.last ELSE refusal.last END";
    Both LIST_REFUSALS = "
        SELECT account, access_key, reason, address, count, last FROM refusal
        WHERE account = $1 ORDER BY last DESC, access_key, reason, address LIMIT $2";
    Both PURGE_REFUSALS = "DELETE FROM refusal WHERE hour < $1";

    // Reminders.
    Both NOTE_REMINDER = "
        INSERT INTO reminder (subject, kind, at) VALUES ($1, $2, $3)
        ON CONFLICT (subject, kind) DO UPDATE SET at = excluded.at WHERE reminder.at < $4";
    Both PURGE_REMINDERS = "DELETE FROM reminder WHERE at < $1";

    // What goes with an account that is closed.
    Both CLOSE_LINKS = "DELETE FROM link WHERE account = $1";
    Both CLOSE_FACTORS = "DELETE FROM second_factor WHERE account = $1";
    Both CLOSE_RECOVERY_CODES = "DELETE FROM recovery_code WHERE account = $1";
    Both CLOSE_REAL_NAME = "DELETE FROM real_name WHERE account = $1";

    // Projects.
    Both CREATE_PROJECT = "
        INSERT INTO project (name, account, created)
        SELECT $1, a.id, CAST($3 AS BIGINT) FROM account a WHERE a.id = $2 AND a.suspended = 0 AND a.closed IS NULL
        ON CONFLICT DO NOTHING";
    Both DELETE_PROJECT = "DELETE FROM project WHERE name = $1 AND account = $2";
    Both FIND_PROJECT = "SELECT name, account, created FROM project WHERE name = $1";
    Both LIST_PROJECTS = "
        SELECT name, account, created FROM project
        WHERE account = $1 AND name > $2 AND substr(name, 1, length($3)) = $3 ORDER BY name LIMIT $4";
    Both ALL_PROJECTS = "SELECT name, account, created FROM project ORDER BY name";

    // AccessKeys. A deleted one does not count; a successor may exceed the limit by one. What a ring key seals that was
    // retired would open nowhere.
    Both CREATE_ACCESS_KEY = "
        INSERT INTO access_key (id, account, description, created, expires, status, change, secret, networks, kind)
        SELECT $1, a.id, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), $11, CAST($6 AS BIGINT), $7, $10, $12
        FROM account a
        WHERE a.id = $2 AND a.suspended = 0 AND a.closed IS NULL
          AND (NOT EXISTS (SELECT 1 FROM ring_key)
            OR EXISTS (SELECT 1 FROM ring_key g WHERE g.id = CAST($9 AS BIGINT)))
          AND (SELECT COUNT(*) FROM access_key k WHERE k.account = a.id AND k.status <> 'deleted')
            < a.access_key_limit
            + (SELECT COUNT(*) FROM access_key r WHERE r.id = $8 AND r.account = a.id AND r.status <> 'deleted')
        ON CONFLICT DO NOTHING";
    Both DISABLE_ACCESS_KEY = "
        UPDATE access_key SET status = 'disabled' WHERE id = $1 AND account = $2 AND status = 'enabled'";
    Both ENABLE_ACCESS_KEY = "
        UPDATE access_key SET status = 'enabled' WHERE id = $1 AND account = $2 AND status = 'disabled'";
    Both DELETE_ACCESS_KEY = "
        UPDATE access_key SET status = 'deleted', deleted = $3
        WHERE id = $1 AND account = $2 AND status = 'disabled'";
    Both RESTORE_ACCESS_KEY = "
        UPDATE access_key SET status = 'disabled', deleted = NULL
        WHERE id = $1 AND account = $2 AND status = 'deleted' AND deleted >= $3
          AND (SELECT COUNT(*) FROM access_key k WHERE k.account = $2 AND k.status <> 'deleted')
            < (SELECT a.access_key_limit FROM account a WHERE a.id = $2)";
    Both DELETED_BEFORE = "
        SELECT id, account FROM access_key WHERE status = 'deleted' AND deleted < $1 ORDER BY deleted, id LIMIT $2";
    Both PURGE_ACCESS_KEY = "
        DELETE FROM access_key WHERE id = $1 AND account = $2 AND status = 'deleted' AND deleted < $3";
    Both FIND_ACCESS_KEY = "
        SELECT k.id, k.account, k.description, k.created, k.expires, k.networks, k.kind, k.status, k.deleted,
               u.at, u.address, u.scheme, u.client
        FROM access_key k LEFT JOIN access_key_usage u ON u.access_key = k.id WHERE k.id = $1";
    Both LIST_ACCESS_KEYS = "
        SELECT k.id, k.account, k.description, k.created, k.expires, k.networks, k.kind, k.status, k.deleted,
               u.at, u.address, u.scheme, u.client
        FROM access_key k LEFT JOIN access_key_usage u ON u.access_key = k.id
        WHERE k.account = $1 ORDER BY k.created, k.id";
    Both LIST_AGEING_ACCESS_KEYS = "
        SELECT k.id, k.account, k.description, k.created, k.expires, k.networks, k.kind, k.status, k.deleted,
               u.at, u.address, u.scheme, u.client
        FROM access_key k LEFT JOIN access_key_usage u ON u.access_key = k.id
        WHERE k.id > $1 AND k.status = 'enabled'
          AND ((k.expires > $2 AND k.expires <= $3)
            OR (k.created <= $4 AND (k.expires IS NULL OR k.expires > $3)))
        ORDER BY k.id LIMIT $5";
    // The next thousand keys in one row, in the order in which the table is read fastest, and the place of the last one, from
    // which the next row goes on; $1 stands between keys, $2 between columns.
    Sqlite SQLITE_ACCESS_KEYS = "
        SELECT string_agg(line, $1) AS keys, CAST(MAX(place) AS TEXT) AS last FROM (
            SELECT rowid AS place,
                   id || $2 || account || $2 || CAST(created AS TEXT) || $2 || COALESCE(CAST(expires AS TEXT), '')
                   || $2 || status || $2 || COALESCE(CAST(deleted AS TEXT), '') || $2 || secret || $2 || networks
                   || $2 || kind || $2 || description AS line
            FROM access_key WHERE rowid > CAST($3 AS INTEGER) ORDER BY rowid LIMIT 1000)";
    Postgres POSTGRES_ACCESS_KEYS = "
        SELECT string_agg(line, $1) AS keys, MAX(place) AS last FROM (
            SELECT id AS place,
                   id || $2 || account || $2 || CAST(created AS TEXT) || $2 || COALESCE(CAST(expires AS TEXT), '')
                   || $2 || status || $2 || COALESCE(CAST(deleted AS TEXT), '') || $2 || secret || $2 || networks
                   || $2 || kind || $2 || description AS line
            FROM access_key WHERE id > $3 ORDER BY id LIMIT 1000) AS lines";
    Both SEALED_SECRETS = "
        SELECT id, account, secret FROM access_key WHERE id > $1 ORDER BY id LIMIT $2";

    Both SEALED_SECRET = "SELECT id, account, kind, secret FROM access_key WHERE id = $1";
    // AccessKeys that were there once: the log names them, and no row does.
    Both PURGED_ACCESS_KEYS = "
        SELECT c.seq, c.access_key FROM change c
        WHERE c.seq > $1 AND c.access_key IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM access_key k WHERE k.id = c.access_key)
        ORDER BY c.seq LIMIT $2";

    // When AccessKeys were last used.
    Both NOTE_USAGE = "
        INSERT INTO access_key_usage (access_key, at, address, scheme, client)
        SELECT k.id, CAST($2 AS BIGINT), $3, $4, $5 FROM access_key k WHERE k.id = $1
        ON CONFLICT (access_key) DO UPDATE
        SET at = excluded.at, address = excluded.address, scheme = excluded.scheme, client = excluded.client
        WHERE excluded.at > access_key_usage.at";

    // Ring keys.
    Both LIST_RING_KEYS = "SELECT id, sealed, master_key, active FROM ring_key ORDER BY id";
    Both ADD_FIRST_RING_KEY = "
        INSERT INTO ring_key (id, sealed, master_key, active)
        SELECT CAST($1 AS BIGINT), $2, $3, CAST($4 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM ring_key)";

    Both ADD_RING_KEY = "
        INSERT INTO ring_key (id, sealed, master_key, active)
        SELECT CAST($1 AS BIGINT), $2, $3, 0
        WHERE EXISTS (SELECT 1 FROM ring_key)
          AND NOT EXISTS (SELECT 1 FROM ring_key r WHERE r.id >= CAST($1 AS BIGINT) OR r.master_key <> $3)";
    Both DEACTIVATE_RING_KEYS = "UPDATE ring_key SET active = 0 WHERE active = 1 AND id <> $1";
    Both ACTIVATE_RING_KEY = "UPDATE ring_key SET active = 1 WHERE id = $1";
    Both RESEAL_RING_KEY = "UPDATE ring_key SET sealed = $2, master_key = $3 WHERE id = $1";
    Both RETIRE_RING_KEY = "DELETE FROM ring_key WHERE id = $1 AND active = 0";
    // The first 7 characters of a sealed text tell its ring key.
    Both COUNT_SECRETS = "
        SELECT beginning, COUNT(*) AS secrets FROM (
          SELECT substr(secret, 1, 7) AS beginning FROM access_key
          UNION ALL SELECT substr(secret, 1, 7) FROM second_factor
          UNION ALL SELECT substr(sealed, 1, 7) FROM real_name
        ) AS sealed GROUP BY beginning";
    Both COUNT_SECRETS_OF = "
        SELECT (SELECT COUNT(*) FROM access_key WHERE substr(secret, 1, 7) IN ($1, $2, $3, $4))
          + (SELECT COUNT(*) FROM second_factor WHERE substr(secret, 1, 7) IN ($1, $2, $3, $4))
          + (SELECT COUNT(*) FROM real_name WHERE substr(sealed, 1, 7) IN ($1, $2, $3, $4)) AS secrets";
    Both RESEAL_SECRET = "
        UPDATE access_key SET secret = $3
        WHERE id = $1 AND secret = $2 AND EXISTS (SELECT 1 FROM ring_key r WHERE r.id = $4 AND r.active = 1)";

    // The installation.
    Both ADD_INSTALLATION = "
        INSERT INTO installation (marker, cluster, schema_version) VALUES ('countersign', $1, $2)";
    Both FIND_INSTALLATION = "
        SELECT cluster, schema_version FROM installation WHERE marker = 'countersign'";
    Both SET_SCHEMA_VERSION = "UPDATE installation SET schema_version = $1 WHERE marker = 'countersign'";
    Sqlite SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'";
    Sqlite SQLITE_DATA_VERSION = "PRAGMA data_version";
    Sqlite SQLITE_INTEGRITY = "PRAGMA integrity_check(1)";
    Sqlite SQLITE_REFERENCES = "PRAGMA foreign_key_check";
    Postgres POSTGRES_TABLES = "
        SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
        WHERE table_schema = current_schema()";
    Postgres POSTGRES_IN_RECOVERY = "SELECT CAST(pg_is_in_recovery() AS TEXT) AS standby";
    // The number is this program's own: the bytes of "counters".
    Postgres POSTGRES_LOCK_SCHEMA = "SELECT CAST(pg_advisory_xact_lock(7165074649429406323) AS TEXT)";
    Postgres POSTGRES_NOTIFY = "NOTIFY countersign_change";
}
