"""Known hardware, models, data sets and benchmarks: the names that suites give them, how they are related, and facts with their sources.

A fact of the registry is no statement of a record's source: it is joined to a record on request, under names that
begin with `registry_`, and never fills or overwrites what the record says. What the registry does not know stays
unknown: names are found by spelling, never by likeness.
"""

from benchfmt.registry.columns import (
    facts_of_models,
    facts_of_systems,
    model_ids,
    system_ids,
    units_of_facts,
)
from benchfmt.registry.costs import (
    COMPUTED,
    core_peaks,
    flop_of,
    model_costs,
    parameters_of,
    size_of,
)
from benchfmt.registry.entries import (
    ANYWHERE,
    NEAR,
    PART,
    SAME,
    Benchmark,
    Dataset,
    Entries,
    Entry,
    Fact,
    Model,
    Name,
    Relation,
    System,
    all_same,
    benchmark,
    benchmarks,
    dataset,
    datasets,
    every_kind,
    find_benchmark,
    find_dataset,
    find_model,
    find_system,
    meanings,
    model,
    models,
    near,
    one_of,
    parts,
    same,
    spelled,
    system,
    systems,
)

__all__ = [
    "ANYWHERE", "COMPUTED", "NEAR", "PART", "SAME", "Benchmark", "Dataset", "Entries", "Entry", "Fact", "Model", "Name", "Relation", "System", "all_same", "benchmark", "benchmarks", "core_peaks", "dataset", "datasets", "every_kind",
    "facts_of_models", "facts_of_systems", "find_benchmark", "find_dataset", "find_model", "find_system", "flop_of", "meanings", "model", "model_costs", "model_ids",
    "models", "near", "one_of", "parameters_of", "parts", "same", "size_of", "spelled", "system", "system_ids", "systems",
    "units_of_facts",
]  # fmt: skip
