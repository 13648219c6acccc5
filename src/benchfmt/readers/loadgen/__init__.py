"""What LoadGen writes: the summary log, and the detail log read at its two ends.

Both are given in one language, the names of the detail log's keys (`result_samples_per_second`), with the characters of
each number kept. A detail log may have hundreds of megabytes, of which only the first and the last kilobytes say
something about the result: the settings stand at the start, the results at the end.

People and scripts join files. LoadGen writes each line of a summary once and in one order, so a line that repeats, or
steps back in that order, is of the next run. A detail log is of several runs where it begins twice, or where its two ends
were written by two processes.

Source of the names: https://github.com/mlcommons/inference/tree/master/loadgen
"""

from benchfmt.readers.loadgen.detail import read_detail
from benchfmt.readers.loadgen.log import Estimate, Log, estimates, read_user_conf
from benchfmt.readers.loadgen.names import TITLE
from benchfmt.readers.loadgen.summary import is_part, is_summary, read_summaries, read_summary

__all__ = [
    "TITLE",
    "Estimate",
    "Log",
    "estimates",
    "is_part",
    "is_summary",
    "read_detail",
    "read_summaries",
    "read_summary",
    "read_user_conf",
]
