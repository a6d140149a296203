"""A simulated environment: D365 with Entra, trading partners on SFTP, and faults; it shares no code with what it tests."""
