"""Digests that are known from elsewhere."""

from __future__ import annotations

# Digests of b"hello"; clients sent the first five.
HELLO = {
    "crc32": "NhCmhg==",
    "crc32c": "mnG7TA==",
    "crc64nvme": "M3eFcAZSQlc=",
    "sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
    "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
    "md5": "XUFAKrxLKna5cZ2REBfFkg==",
    "sha512": (
        "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="
    ),
    "xxhash64": "JseCfYifbaM=",
    "xxhash3": "lVXoVVxi3P0=",
    "xxhash128": "tenBrQcbPn/Hec+qXlI4GA==",
}
# Digests of the empty body; those of the CRCs are all zeros.
EMPTY = {
    "crc32": "AAAAAA==",
    "crc32c": "AAAAAA==",
    "crc64nvme": "AAAAAAAAAAA=",
    "sha1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "md5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "xxhash64": "70bbN1HY6Zk=",
    "xxhash3": "LQaABTjTlMI=",
    "xxhash128": "maoG0wFHmNhgAcMkRo1Jfw==",
}
HELLO_SHA256_HEX = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
EMPTY_SHA256_HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
