"""Reviews the contract: lints it, compares it with the last released one, and prints it.

No part of the gateway: `make contract` and `make contract-html` run it.
"""
