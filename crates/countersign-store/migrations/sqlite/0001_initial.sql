-- One row: it marks the database as a store of this program.
CREATE TABLE installation (
  marker TEXT NOT NULL PRIMARY KEY CHECK (marker = 'countersign'),
  cluster TEXT NOT NULL,
  schema_version BIGINT NOT NULL
);

-- One row: the number of the last change. Every write locks it first, so writers queue here.
CREATE TABLE change_head (
  id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  epoch BIGINT NOT NULL,
  seq BIGINT NOT NULL
);
INSERT INTO change_head (id, epoch, seq) VALUES (1, 1, 0);

CREATE TABLE change (
  seq INTEGER NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,
  tag BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  request TEXT NOT NULL,
  part BIGINT NOT NULL,
  account TEXT NOT NULL,
  access_key TEXT,
  body TEXT NOT NULL,
  UNIQUE (request, part)
);
CREATE INDEX change_account ON change (account, seq);

CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  created BIGINT NOT NULL,
  suspended BIGINT NOT NULL CHECK (suspended IN (0, 1)),
  access_key_limit BIGINT NOT NULL,
  password TEXT
);

CREATE TABLE project (
  name TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id),
  created BIGINT NOT NULL
);
CREATE INDEX project_account ON project (account, name);

-- `change` is the number of the change that created the key: an id may be used again after a purge.
CREATE TABLE access_key (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id),
  description TEXT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT,
  status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled', 'deleted')),
  deleted BIGINT CHECK ((status = 'deleted') = (deleted IS NOT NULL)),
  change BIGINT NOT NULL,
  secret TEXT NOT NULL
);
CREATE INDEX access_key_account ON access_key (account, created, id);

CREATE TABLE access_key_usage (
  access_key TEXT NOT NULL PRIMARY KEY REFERENCES access_key (id) ON DELETE CASCADE,
  at BIGINT NOT NULL,
  address TEXT NOT NULL,
  scheme TEXT NOT NULL,
  client TEXT NOT NULL
);

CREATE TABLE ring_key (
  id BIGINT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  master_key TEXT NOT NULL,
  active BIGINT NOT NULL CHECK (active IN (0, 1))
);
CREATE UNIQUE INDEX ring_key_active ON ring_key (active) WHERE active = 1;
