"""What every PfsClient must do, whatever is behind it."""
