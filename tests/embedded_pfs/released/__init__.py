"""Data directories as released versions wrote them, and how to make the next one."""
