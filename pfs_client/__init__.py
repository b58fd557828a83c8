"""PFS as the rest of the gateway sees it.

`interface` says what the gateway asks of a PFS, `whole_pfs` what else there is, `values` are their
nouns, `failures` is how calls fail, and `observer` is told what happens. Everything else has a
room: `pachd` speaks to a pachd, `group_commit` makes few commits of many writes, `reading`
remembers what was read at a commit, `limits` bounds what all of that holds. `forwarding` is what
wrappers around a PFS are made of.
"""
