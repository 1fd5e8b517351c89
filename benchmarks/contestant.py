"""`python -m benchmarks.contestant MODULE:FUNCTION JOB`: one measurement in this process.

The job comes and the figures go as a line of JSON.
"""

import importlib
import json
import logging
import signal
import sys
import warnings

from benchmarks.job import Job

MAX_SECONDS = 900
"""It ends then, also when nobody is left to end it."""


def main(name: str, job: str) -> None:
    """Do the job and print the figures."""
    signal.alarm(MAX_SECONDS)
    logging.basicConfig(level=logging.ERROR)
    warnings.simplefilter("ignore")  # a peer's deprecations are not what is measured
    module, _, function = name.partition(":")
    work = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), function)
    print(json.dumps(work(Job(**json.loads(job)))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
