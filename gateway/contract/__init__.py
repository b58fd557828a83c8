"""The document at work: `document` loads it, `routing` finds a request's operation in it.

`parameters` holds what a request carries against what the operation declares, and `binding` calls
the handler that it names.
"""
