"""What the gateway knows of PFS.

One interface, its values and its errors, and who implements it over gRPC.
"""
