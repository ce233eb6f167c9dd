"""Counts a pytest run from its JUnit file and prints every reason for a skip.

Ends with the line `N passed, N failed, N skipped`.  Exits 1 where something failed, nothing
ran, or, with the environment variable CI set, a test was skipped for want of a tool.
"""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

# Such a test needs the model collection, which is no part of this repository.
OPTIONAL = "EDGEQ_SHARED"


def outcome(case: ET.Element) -> str:
    """`failed`, `skipped`, `expected` (a test marked to fail, that did) or `passed`."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skip = case.find("skipped")
    if skip is None:
        return "passed"
    return "expected" if skip.get("type") == "pytest.xfail" else "skipped"


def reason(case: ET.Element) -> str:
    """Why a test was skipped, as pytest wrote it."""
    skip = case.find("skipped")
    return "" if skip is None else skip.get("message", "no reason given")


def main(report: Path) -> int:
    """Read the JUnit file `report`, print the totals, return the exit status."""
    try:
        cases = list(ET.parse(report).iter("testcase"))
    except ET.ParseError:
        print("pytest wrote no report")
        return 1
    totals = Counter(outcome(case) for case in cases)
    reasons = Counter(reason(case) for case in cases if outcome(case) == "skipped")
    for text, count in reasons.most_common():
        print(f"skipped {count}: {text}")
    missing = sum(count for text, count in reasons.items() if OPTIONAL not in text)
    refused = missing if os.environ.get("CI") else 0
    if refused:
        print(f"CI is set, and {refused} tests were skipped: that is a failure")
    print(f"{totals['passed']} passed, {totals['failed']} failed, {totals['skipped']} skipped")
    return 1 if totals["failed"] or refused or not cases else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
