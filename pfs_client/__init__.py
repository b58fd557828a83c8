"""PFS as the rest of the gateway sees it.

`interface` says what a PFS can do, `values` are its nouns, `failures` is how calls to it fail, and
`observer` is told what happens. Everything else has a room: `pachd` speaks to a pachd,
`group_commit` makes few commits of many writes, `reading` remembers what was read at a commit,
`limits` bounds what all of that holds.
"""
