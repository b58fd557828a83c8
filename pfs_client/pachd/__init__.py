"""A pachd, over its gRPC API (pfs_v2).

`client` is a PfsClient for one identity, `whole_client` all that there is besides. A `caller` makes
their calls on the `channel`, which clients share: `interceptors` try reads again and count, `tries`
says how often. Streams have `change_streams` and `file_stream`. `messages` and `raw_messages` are
PFS's values on the wire; `error_texts` alone reads gRPC's status; `hazards` is what is never sent.
"""
