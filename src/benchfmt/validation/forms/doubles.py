"""What is said of ids that stand twice, in every form."""

ONE_SYSTEM = "keep one description, or give the other an id of its own"
ONE_RECORD = "give each record an id of its own"
