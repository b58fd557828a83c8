"""A PFS on one machine: all of `pfs_client.whole_pfs` on SQLite and content-addressed files.

Durable and versioned like pachd's, with pachd's rules for names, paths, order and hashes
(`docs/pachd.md`), so that what works on a laptop works on the cluster. Its failures say in their
attributes what is wrong; pachd's words for that are `pachd_server`'s. Where things are:
`directory` opens and guards the data directory, `database` and `schema.sql` hold everything but
large contents, `blobs` holds those; `branches`, `commits`, `changes`, `files` and `file_sets` are
what PFS does, as plain functions on a database connection; `client` makes them async.
"""
