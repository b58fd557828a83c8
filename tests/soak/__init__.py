"""A long mixed load with everything that goes wrong in life, and a look at what is left of it."""
