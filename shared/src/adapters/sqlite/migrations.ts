/**
 * The schema, one step per number: step N brings a file from `user_version` N-1 to N. Never change a step that was released; add one.
 * Times are epoch milliseconds.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- record: the job as JSON. The columns beside it are what queries ask for, written together with it.
  CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  -- Holds open jobs only, so it stays small however many jobs are kept.
  CREATE INDEX jobs_open ON jobs (updated_at_ms) WHERE status IN ('queued', 'running');
  CREATE INDEX jobs_expiry ON jobs (expires_at_ms);

  -- Apart from the record: polling a job never reads its source.
  CREATE TABLE job_sources (
    job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    code TEXT NOT NULL,
    input TEXT NOT NULL,
    input_encoding TEXT NOT NULL,
    args TEXT NOT NULL,
    env TEXT NOT NULL
  ) STRICT;

  CREATE TABLE artifacts (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;

  -- AUTOINCREMENT: the id of a deleted message never comes back, so an old receipt cannot name a new message.
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    language TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    visible_at_ms INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX messages_due ON messages (language, visible_at_ms);

  CREATE TABLE dead_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    language TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    visible_at_ms INTEGER NOT NULL,
    receive_count INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX dead_messages_due ON dead_messages (visible_at_ms);

  -- Counted as rows come and go: the gateway asks at every submission, and counting 10,000 rows each time would show.
  CREATE TABLE queue_depths (language TEXT PRIMARY KEY, depth INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
    INSERT INTO queue_depths (language, depth) VALUES (new.language, 1)
      ON CONFLICT (language) DO UPDATE SET depth = depth + 1;
  END;
  CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
    UPDATE queue_depths SET depth = depth - 1 WHERE language = old.language;
  END;
  `,
];
