"""The checks: one module a topic, and the catalogue of their codes."""
