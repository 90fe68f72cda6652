"""Run one command and write what it took, as JSON.

A process of its own, for a child's peak memory begins with that of the process it was forked
from: the scorer's arrays would count. Imports nothing of the project.

    python -I stopwatch.py FIGURES COMMAND ARGUMENT…
"""

import json
import os
import sys
import time
from pathlib import Path


def main() -> int:
    """Start the command, wait, write its figures; return 0 whatever became of it."""
    figures, command = Path(sys.argv[1]), sys.argv[2:]
    started = time.monotonic()
    process = os.posix_spawn(command[0], command, os.environ)
    _, status, used = os.wait4(process, 0)
    figures.write_text(
        json.dumps(
            {
                "wall_seconds": time.monotonic() - started,
                "cpu_seconds": used.ru_utime + used.ru_stime,
                "peak_rss_mb": used.ru_maxrss / 1024,
                "exit_code": os.waitstatus_to_exitcode(status),
            }
        ),
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
