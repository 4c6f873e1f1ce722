-- People: who may administer, how they sign in, and what is remembered of it. Bearer values (of sessions, devices, links)
-- stand here as the SHA-256 of themselves in hexadecimal digits, so that whoever reads the database opens nothing.

ALTER TABLE account ADD COLUMN administrator BIGINT NOT NULL DEFAULT 0 CHECK (administrator IN (0, 1));
ALTER TABLE account ADD COLUMN closed BIGINT;
ALTER TABLE account ADD COLUMN password_set BIGINT;
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
UPDATE account SET password_set = created WHERE password IS NOT NULL;
CREATE INDEX account_administrator ON account (id) WHERE administrator = 1;

-- Networks in CIDR form, a blank between; none means that any address will do.
ALTER TABLE access_key ADD COLUMN networks TEXT NOT NULL DEFAULT '';

CREATE TABLE session (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  token TEXT COLLATE "C" NOT NULL UNIQUE,
  account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
  stage TEXT NOT NULL CHECK (stage IN ('password', 'signed_in')),
  created BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  proved BIGINT NOT NULL,
  address TEXT NOT NULL,
  client TEXT NOT NULL,
  challenge TEXT
);
CREATE INDEX session_account ON session (account, seen);
CREATE INDEX session_seen ON session (seen);

CREATE TABLE device (
  token TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  address TEXT NOT NULL,
  client TEXT NOT NULL
);
CREATE INDEX device_account ON device (account, last_seen);

CREATE TABLE link (
  token TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('sign_up', 'email', 'password', 'invitation', 'first_administrator')),
  account TEXT COLLATE "C" REFERENCES account (id),
  email TEXT COLLATE "C" NOT NULL,
  password TEXT,
  language TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL
);
CREATE INDEX link_email ON link (email, purpose, created);
CREATE INDEX link_account ON link (account);
CREATE INDEX link_expires ON link (expires);

-- `step` is the last time step whose code was accepted: an earlier one is never accepted again.
CREATE TABLE second_factor (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL CHECK (kind IN ('totp', 'passkey')),
  name TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT,
  step BIGINT NOT NULL DEFAULT 0,
  secret TEXT NOT NULL
);
CREATE INDEX second_factor_account ON second_factor (account, created, id);

-- A code that was used is deleted.
CREATE TABLE recovery_code (
  account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
  hash TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (account, hash)
);

CREATE TABLE real_name (
  account TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES account (id),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('submitted', 'approved', 'rejected')),
  sealed TEXT NOT NULL,
  submitted BIGINT NOT NULL,
  decided BIGINT,
  decided_by TEXT,
  reason TEXT
);
CREATE INDEX real_name_state ON real_name (state, submitted, account);

-- Refused requests, counted by the hour. `hour` counts hours since 1970.
CREATE TABLE refusal (
  account TEXT COLLATE "C" NOT NULL REFERENCES account (id),
  access_key TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  address TEXT COLLATE "C" NOT NULL,
  hour BIGINT NOT NULL,
  count BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (account, access_key, reason, address, hour)
);
CREATE INDEX refusal_hour ON refusal (hour);
CREATE INDEX refusal_last ON refusal (account, last);

-- What somebody was reminded of, so that nobody is reminded twice.
CREATE TABLE reminder (
  subject TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (subject, kind)
);

CREATE TABLE setting (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);
