"""The composition root: which PFS there is, and what each needs around it.

This is the only place that knows. `choice` picks the PFS, `surroundings` builds what it needs
around it, and `root` opens and closes all of it with the process.
"""
