"""A pachd somewhere else as a `PfsClient`: pfs_v2 over gRPC, with pachd's hazards kept away.

`client` has the calls, `messages` translates values, `error_texts` alone reads what pachd says of
failures. `pfs_v2` is pachd's own interface; the code in it is generated.
"""
