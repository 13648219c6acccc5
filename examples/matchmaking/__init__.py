"""Can results tell how fast a network runs on a platform that nobody has measured? A study from sample files alone."""
