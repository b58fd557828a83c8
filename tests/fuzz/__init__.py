"""The contract fuzzed, and the gateway compared with a model."""
