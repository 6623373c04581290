"""Runs pip many times: what all runs import is imported once, and each run is a process forked from that.

Reads the arguments of a run as a JSON list from each line of standard input, and answers with a line: its exit status and what
it said. Works with every CPython from 3.8 on.
"""

import importlib
import json
import os
import sys
import tempfile

from pip._internal.cli.main import main

for module in ("commands.install", "resolution.resolvelib.resolver"):
    importlib.import_module("pip._internal." + module)

for line in sys.stdin:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                status = main(json.loads(line))
            except SystemExit as end:
                status = end.code
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status if isinstance(status, int) else 1)
        _, ended = os.waitpid(child, 0)
        said.seek(0)
        status = os.WEXITSTATUS(ended) if os.WIFEXITED(ended) else -1
        print(json.dumps([status, said.read().decode("utf-8", "replace")]), flush=True)
