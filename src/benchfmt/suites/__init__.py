"""Rules of suites as data, with their sources."""
