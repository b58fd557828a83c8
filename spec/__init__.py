"""The contract, as package data."""
