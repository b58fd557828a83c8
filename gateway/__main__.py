"""The command `s3gateway`."""

from __future__ import annotations

import os

from gateway.early_signals import end_quietly_if_told


def main() -> None:
    """Run it. Signals are taken first, for importing the rest takes a second."""
    end_quietly_if_told()
    # gRPC would write lines of its own between those of the log, and reads this when it is
    # imported. Why a call failed, such as for a certificate, is in the failure itself.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from gateway.command import main as command

    command()


if __name__ == "__main__":
    main()
