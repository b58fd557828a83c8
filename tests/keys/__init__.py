"""Gateways with keys: who may do what, and the rows of `docs/negative-cases.md` that are for them.

| row | here | and elsewhere |
|---|---|---|
| 3, 4 | `test_every_operation`, `test_bad_signatures`: forms of payloads | |
| 7 | `test_bad_signatures`, conditions; `test_pachd_keys`: the same is told whatever is there | |
| 11, 14 | `test_every_operation`, `test_pachd_every_operation`: copies of others' objects | |
| 13 | `test_access`: patterns match branches; `test_unsigned_words`: virtual hosts | |
| 15 | `test_every_operation`, `test_pachd_every_operation`: versions of others' | |
| 16 | `test_bad_signatures`: times; `test_failures` | `tests/s3_wire/test_signatures.py` |
| 17 | `test_bad_signatures`, `test_pachd_keys`: logs | |
| 19, 20 | `test_bad_signatures`, `test_unsigned_words` | `tests/s3_wire/test_signatures.py` |
| 21 | `test_signed_chunks`, `test_bad_signatures` | `tests/s3_wire/test_signatures.py` |
| 27 | `test_every_operation`, odd names | `tests/s3_wire/test_odd_signatures.py` |
"""
