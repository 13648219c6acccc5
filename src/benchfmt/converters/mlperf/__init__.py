"""The MLPerf suites: a thin module each, over shared readers and the rules of the suites as data."""
