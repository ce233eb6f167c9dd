"""The command `edgeq`: one file per command; the only package that prints.

Exit codes: 0 success, 1 a finding (bytes that differ, a budget that is exceeded), 2 bad
input, 130 interrupted.  What commands need is imported when they run, so that `--help` and
`--version` are quick.
"""

from __future__ import annotations

from edgeq.cli.app import main

__all__ = ["main"]
