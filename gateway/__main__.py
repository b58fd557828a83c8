"""The command `s3gateway`."""

from __future__ import annotations

from gateway.early_signals import end_quietly_if_told


def main() -> None:
    """Run it. Signals are taken first, for importing the rest takes a second."""
    end_quietly_if_told()
    from gateway.command import main as command

    command()


if __name__ == "__main__":
    main()
