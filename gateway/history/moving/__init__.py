"""Branches move between two PFS by way of a folder: an export, which an import reads.

docs/moving.md says what is in such a folder. An export grows by whole records, and an import writes
a commit for each; both find out from what is there where to go on.
"""
