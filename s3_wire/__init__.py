"""S3's wire format as pure values and bytes: errors, XML, ranges, preconditions, digests, framing.

Nothing here does I/O: bytes come in as arguments and values go out, so that every case can be
tested whole, byte by byte and with garbage behind it.
"""
