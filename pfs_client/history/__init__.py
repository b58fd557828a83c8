"""When files changed, which PFS may know or not.

`change_times` is what handlers ask.
"""
