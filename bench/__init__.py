"""Measurements. They print tables and never fail a test; each compares two things in one run."""
