"""Any `PfsClient` as a pfs_v2 server: pachd's methods, messages, codes and texts.

For tests, and for programs that speak to a pachd. `latency_model` makes it as slow as a real one.
"""
