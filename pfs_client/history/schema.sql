-- The index of what commits changed. It can always be read again from PFS: of another version, it is thrown away.
--
-- A *chain* is a run of commits, each the parent of the next, numbered upwards; the newest is its tip. Commits are read
-- from the tip to older ones, so that what is found first is a file's last change.

CREATE TABLE chain (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    repo TEXT NOT NULL,
    tip INTEGER NOT NULL,
    next_hex BLOB, -- the commit to read next; NULL: all are read
    next_number INTEGER NOT NULL,
    is_too_large INTEGER NOT NULL DEFAULT 0,
    asked_us INTEGER NOT NULL
) STRICT;
CREATE INDEX chain_by_repo ON chain (project, repo);

CREATE TABLE commit_ (
    chain_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hex BLOB NOT NULL,
    closed_us INTEGER NOT NULL,
    PRIMARY KEY (chain_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX commit_by_hex ON commit_ (hex);

CREATE TABLE change (
    chain_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    number INTEGER NOT NULL, -- of the commit that last changed it
    previous INTEGER, -- of the one before; NULL: none that has been read
    PRIMARY KEY (chain_id, path)
) STRICT, WITHOUT ROWID;
