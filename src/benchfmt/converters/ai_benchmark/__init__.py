"""AI Benchmark (ETH Zurich): logs of the desktop package, and rankings of the mobile app."""
