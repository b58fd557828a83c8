"""Reading at a commit: what is read once is remembered, and asked for once by all who want it."""
