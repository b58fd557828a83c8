"""The paths that are no bucket's: `/-/` holds the gateway's own pages."""

from __future__ import annotations

_PREFIX = b"/-"


def is_reserved(raw_path: bytes) -> bool:
    """Whether a path is one of the gateway's own, and no bucket's."""
    return raw_path.startswith(_PREFIX) and raw_path[2:3] in (b"", b"/")
