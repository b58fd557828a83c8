"""Reading files at commits.

`commit_cache` is what handlers ask; it remembers files and pages, and `contents` the bytes.
`block_reader` reads ranges of a PFS that is far away; `shared_reads` and `branch_heads` are
wrappers around such a PFS, in which many share a call (`shared_calls`).
"""
