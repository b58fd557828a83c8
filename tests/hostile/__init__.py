"""What has gone wrong in other S3 servers, row by row of `docs/negative-cases.md`.

| row | here | and elsewhere |
|---|---|---|
| 1, 2 | `test_documents` | `tests/s3_wire/test_xml.py` |
| 5 | `test_disclosure` | |
| 6 | | `tests/gateway/test_botocore_operations.py`, form uploads |
| 7 | `test_addresses`: existence comes before conditions | |
| 8 | `test_slowness` | |
| 9 | `test_aborted` | `tests/cluster/test_faults.py` |
| 10-13, 24 | `test_addresses` | `tests/operations/test_objects.py`, keys that PFS cannot hold |
| 15 | | `tests/operations/test_deletions.py`, an answer for each key |
| 17, 20, 25, 27 | `test_disclosure` | |
| 18 | `test_lengths` | `tests/s3_wire/test_aws_chunked.py` |
| 21 | | `tests/s3_wire/test_aws_chunked.py`, every split |
| 22 | `test_framing`, `test_disclosure` | `tests/operations/test_objects.py`, response overrides |
| 23, 26 | `test_addresses` | `tests/gateway/test_botocore_operations.py`, every operation |

Rows 3, 4, 14, 16 and 19, and what others say of a gateway with keys, `tests/keys` tries.
"""
