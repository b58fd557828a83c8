"""What a branch was: which commits belong to its history, and what each of them changed.

In memory alone, bounded, and learnt from PFS again where it is not known. What is asked here waits
for nothing but itself: reads and writes at HEAD come by other ways.
"""
