"""What a branch was, and how it is brought back: the work of the commands on history.

It knows PFS's calls and nothing of terminals, S3 requests or the gateway that may serve meanwhile.
"""
