"""Run a program with limits: ``limited.py SECONDS MEGABYTES PROGRAM …``. Standard library only.

The limits are set in the process that becomes the program: between fork and exec nothing of a threaded server
may run.
"""

import os
import resource
import sys

LARGEST_FILE = 512 * 1024 * 1024


def main() -> None:
    """Set the limits of processor time, memory and file size, then become the program."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2]) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606


if __name__ == "__main__":
    main()
