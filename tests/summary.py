"""Reads the reports (JUnit XML of ctest and pytest) that tests/run.sh left in a folder; prints what was skipped and why,
what failed, and as the last line `N passed, N failed, N skipped`. Exit code 1 when anything failed."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def reason_of(case, skipped):
    """pytest writes the reason into the message, Catch2 onto the test's own output."""
    said = re.search(r"explicitly with message:\n\s*(.+)", case.findtext("system-out") or "")
    return said.group(1).strip() if said else (skipped.get("message") or "no reason given")


def lines_of(file):
    return file.read_text().splitlines() if file.exists() else []


def main(folder):
    passed = 0
    failed = lines_of(folder / "failed")
    skipped = lines_of(folder / "skipped")
    for report in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(report).iter("testcase"):
            name = f"{report.stem}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(name)
            elif (skip := case.find("skipped")) is not None:
                skipped.append(f"{name}: {reason_of(case, skip)}")
            else:
                passed += 1
    for line in skipped:
        print("skipped:", line)
    for line in failed:
        print("failed:", line)
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
