"""The reference profiler: honest records straight from runs of a model, and from any callable.

`profiling.py` is what `benchfmt.profile` calls. It starts fresh processes (`worker.py`), each watched by a sampler that
imports only the standard library (`sampler.py`), and turns what they leave into records (`records.py`). Nothing heavy is
imported with the package.
"""
