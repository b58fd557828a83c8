"""The gateway's own pages, under `/-/`."""
