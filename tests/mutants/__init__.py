"""Mutants of what writes: which faults in it would no test notice?"""
