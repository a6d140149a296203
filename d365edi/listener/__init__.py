"""What listens in the running daemon: HTTPS for business events, health and metrics; a Unix socket for commands."""
