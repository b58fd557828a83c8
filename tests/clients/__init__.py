"""Real clients, as people use them, one file each."""
