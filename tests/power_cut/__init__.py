"""What a power cut may leave: every call is recorded, and every state of the disk replayed."""
