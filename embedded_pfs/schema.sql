-- The embedded PFS's database. Times are microseconds since 1970, UTC. The version is PRAGMA user_version,
-- and older ones come to this by `migrations.py`.
--
-- A *line* is a run of commits, each based on the one before, numbered by `seq`. A branch is the tip of a line: its head
-- is the last commit there, or the line's base while it has none of its own. What stands at the tip is in `file`; a row
-- that a later commit replaced or removed moves to `past_file` with that commit's number. So a write costs what it
-- changes, HEAD is read without meeting history, and any commit can be read: its files are the rows that began at or
-- before it and had not ended by then.
--
-- Each page that a commit writes is time that it takes. So a small write adds a commit, and touches neither its branch
-- nor an index of heads or parents. The children of a commit are found by lines: the next on its own, and the first of
-- each that has it for its base.

CREATE TABLE project (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL DEFAULT '',
    created_us INTEGER NOT NULL
) STRICT;

CREATE TABLE repo (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES project (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_us INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

CREATE TABLE line (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repo_id INTEGER NOT NULL REFERENCES repo (id),
    base_id INTEGER REFERENCES commit_ (id) ON DELETE SET NULL -- what its first commit is based on; NULL: nothing
) STRICT;
CREATE INDEX line_by_repo ON line (repo_id);
CREATE INDEX line_by_base ON line (base_id);

CREATE TABLE commit_ (
    id INTEGER PRIMARY KEY,
    repo_id INTEGER NOT NULL REFERENCES repo (id),
    hex TEXT NOT NULL, -- the id that PFS shows
    line_id INTEGER NOT NULL REFERENCES line (id),
    seq INTEGER NOT NULL,
    parent_id INTEGER, -- a commit that is there: whoever deletes that one sees to it
    origin INTEGER NOT NULL, -- OriginKind
    branch_name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    size_bytes INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    finishing_us INTEGER, -- NULL: open
    finished_us INTEGER,
    error TEXT NOT NULL DEFAULT '',
    UNIQUE (repo_id, hex),
    UNIQUE (line_id, seq)
) STRICT;
CREATE INDEX commit_unfinished ON commit_ (parent_id) WHERE finished_us IS NULL;

CREATE TABLE branch (
    id INTEGER PRIMARY KEY,
    repo_id INTEGER NOT NULL REFERENCES repo (id),
    name TEXT NOT NULL,
    line_id INTEGER NOT NULL REFERENCES line (id),
    created_us INTEGER NOT NULL,
    UNIQUE (repo_id, name)
) STRICT;
CREATE INDEX branch_by_line ON branch (line_id);

CREATE TABLE provenance ( -- direct: branch_id is computed from upstream_id
    branch_id INTEGER NOT NULL REFERENCES branch (id) ON DELETE CASCADE,
    upstream_id INTEGER NOT NULL REFERENCES branch (id),
    PRIMARY KEY (branch_id, upstream_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provenance_by_upstream ON provenance (upstream_id);

CREATE TABLE file (
    line_id INTEGER NOT NULL,
    path TEXT NOT NULL, -- without the leading slash
    created_seq INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    content_hash BLOB NOT NULL, -- BLAKE2b-256 of the content; PFS's own hash is BLAKE2b-256 of this
    changed_us INTEGER, -- when the commit that wrote the row was closed, which may be gone; NULL: it is open
    PRIMARY KEY (line_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_in_open_commit ON file (line_id, created_seq) WHERE changed_us IS NULL;

CREATE TABLE past_file (
    line_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    created_seq INTEGER NOT NULL,
    ended_seq INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    changed_us INTEGER,
    PRIMARY KEY (line_id, path, created_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX past_file_in_open_commit ON past_file (line_id, created_seq) WHERE changed_us IS NULL;
CREATE INDEX past_file_by_end ON past_file (line_id, ended_seq);

CREATE TABLE content ( -- small ones; the others are in blobs/, or lie in some of these (extent)
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE extent ( -- contents that lie in others, which are in `content` or blobs/; see extents.py
    whole_hash BLOB NOT NULL,
    begin_bytes INTEGER NOT NULL, -- where in the whole
    size_bytes INTEGER NOT NULL, -- of all of the other content
    content_hash BLOB NOT NULL,
    PRIMARY KEY (whole_hash, begin_bytes)
) STRICT, WITHOUT ROWID;

CREATE TABLE file_set (
    id TEXT PRIMARY KEY,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE file_set_change ( -- in order; a deletion has no size and hash
    file_set_id TEXT NOT NULL REFERENCES file_set (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    size_bytes INTEGER,
    content_hash BLOB,
    PRIMARY KEY (file_set_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_set_change_by_path ON file_set_change (file_set_id, path);

-- Contents that something has stopped referring to. They go unless something refers to them after all; who stores one
-- of them again takes it out of here. An id is never used twice.
CREATE TABLE suspect (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE
) STRICT;

-- Repos that are deleted already, and whose rows go a few at a time. Their names are such as no repo can have.
CREATE TABLE dropped_repo (repo_id INTEGER PRIMARY KEY REFERENCES repo (id)) STRICT;
