"""Programs of tools that read and write tables and files; each runs where the tool is."""
