"""Uploads in parts, until they are one file: where they are kept, and what becomes of them.

An upload is a hidden branch of its target's repo, and everything that is known of it is on that
branch, so that any gateway, and the next process, goes on with it (`docs/concepts.md`).
"""
