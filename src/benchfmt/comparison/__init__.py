"""May these results be compared? The rules, as data of each suite and as small objects; groups in columns."""
