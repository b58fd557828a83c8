"""Walls between the rooms, as lint rules: what each may import is an allow-list in `walls.toml`."""
