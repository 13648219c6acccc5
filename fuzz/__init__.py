"""Fuzzing: every reader and every converter over damaged files.

    make fuzz                            every target for a few seconds
    make fuzz RUNS=50000 ONLY=loadgen    so many executions of the targets whose names hold a text

A target takes one file, on its own or in a small tree of the fixtures. It may raise what a caller is told to expect
(`BenchfmtError`), and nothing else; it ends within two seconds of processor time, writes nothing but its output, and
starts and asks nobody. Atheris chooses the inputs by what they reach in the program; where it is not installed they come
from `mutations` alone, which knows how the files are written.
"""
