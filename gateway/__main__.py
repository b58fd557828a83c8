"""The command `s3gateway`."""

from __future__ import annotations

from gateway.command import main

if __name__ == "__main__":
    main()
