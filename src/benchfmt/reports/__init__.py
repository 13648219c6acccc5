"""Findings, accounts and packages as text for people; the JSON forms are the `to_dict` of each."""
