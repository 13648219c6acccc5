"""The forms in which results are kept, one adapter each: all give portions for the one loop."""
