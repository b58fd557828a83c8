"""What each S3 operation means in PFS: one async function an operation, bound by `operationId`.

A handler takes an `S3Request` and returns an `S3Response`; it raises `s3_wire.errors` or lets PFS's
errors pass, which `gateway.errors` turns into S3's. Above `addressing`, the words are S3's.
"""
