"""Group commit: the writes of a branch that arrive while one commit is under way share the next.

`grouped_writes` is what handlers call. Each branch has a queue (`branch_queue`) of members
(`members`), one for each request; a committer makes commits of groups of them. Where PFS decides
by itself that is `committer`; pachd decides nothing, so that `pachd_committer` looks first.
"""
