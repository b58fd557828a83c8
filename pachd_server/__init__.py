"""Any `WholePfs` as a pfs_v2 server: pachd's methods, messages, codes and texts.

For tests, and for programs that speak to a pachd. `latency` makes it as slow as a real one. Only
the command, `__main__`, knows of a PFS: the embedded one.
"""
