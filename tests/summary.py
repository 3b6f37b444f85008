"""Summarizes the folder that tests/run.sh wrote: reports of ctest and pytest (JUnit XML), Catch2's report on each case
(XML, in a folder named after the preset), and times. Prints where the time went, the slowest tests, what was skipped
and why, what failed, and, as the last line, `N passed, N failed, N skipped`. Exits with 1 if anything failed."""

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

SLOWEST = 20


@dataclass
class Results:
    passed: int = 0
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    seconds: list = field(default_factory=list)  # (seconds, test)
    counts: list = field(default_factory=list)

    def add(self, name, seconds, failure=None, skip=None):
        self.seconds.append((seconds, name))
        if failure is not None:
            self.failed.append(f"{name}: {failure}" if failure else name)
        elif skip is not None:
            self.skipped.append(f"{name}: {skip or 'no reason given'}")
        else:
            self.passed += 1


def text_of(element):
    return " ".join((element.text or "").split())


def read_cases(report):
    """A program's cases, its number of assertions, and the case during which it ended (None if it completed)."""
    parser = ElementTree.XMLPullParser(("start", "end"))
    parser.feed(report.read_bytes())  # incomplete if the program crashed
    cases, assertions, inside = [], 0, None
    for event, element in parser.read_events():
        if element.tag == "TestCase":
            inside = element.get("name") if event == "start" else None
            if event == "end":
                cases.append(element)
        elif element.tag == "OverallResults" and event == "end" and inside is None:
            assertions = sum(int(element.get(kind, 0)) for kind in ("successes", "failures", "expectedFailures"))
    return cases, assertions, inside


def add_program(results, name, report, died):
    """Adds every case of a Catch2 program. died: ctest's message if the program failed, else None."""
    cases, assertions, inside = read_cases(report)
    explained = False
    for case in cases:
        overall, skip, crash = case.find("OverallResult"), case.find(".//Skip"), case.find(".//FatalErrorCondition")
        failure = None
        if crash is not None:
            failure = f"{text_of(crash)}; later cases did not run"
        elif overall.get("success") != "true":
            failure = ""
        explained = explained or failure is not None
        results.add(f"{name}: {case.get('name')}", float(overall.get("durationInSeconds", 0)), failure,
                     text_of(skip) if skip is not None else None)
    if inside is not None:
        how = " with code 0" if died is None else ""
        results.add(f"{name}: {inside}", 0, f"the program ended during this case{how}; later cases did not run")
    elif died is not None and not explained:
        results.failed.append(f"{name}: the program failed after its last case")
    return len(cases), assertions


def outcome_of(test):
    """Why a test in a JUnit report failed, and why it was skipped; None if it was not."""
    failure = next((found for kind in ("failure", "error") if (found := test.find(kind)) is not None), None)
    skip = test.find("skipped")
    if "status" not in test.attrib:  # pytest, whose messages are complete tracebacks
        failed = "" if failure is not None else None
    else:
        if skip is not None and not skip.get("message", "").startswith("SKIP_"):  # ctest could not start it
            failure, skip = skip, None
        failed = failure.get("message", "") if failure is not None else None
    return failed, skip.get("message", "") if skip is not None else None


def add_report(results, report):
    """Adds a report of ctest or pytest. If a program reported its cases, they count instead of the program."""
    cases = assertions = 0
    of_programs = {file.stem: file for file in report.with_suffix("").glob("*.xml")}
    for test in ElementTree.parse(report).iter("testcase"):
        name = f"{report.stem}: {test.get('name')}"
        failed, skipped = outcome_of(test)
        if own_report := of_programs.get(test.get("name")):
            more = add_program(results, name, own_report, failed)
            cases, assertions = cases + more[0], assertions + more[1]
        else:
            results.add(name, float(test.get("time") or 0), failed, skipped)
            cases += 1
    results.counts.append(f"{report.stem}: {cases} cases" + (f", {assertions} assertions" if assertions else ""))


def lines_of(file):
    return file.read_text().splitlines() if file.exists() else []


def print_seconds(title, rows):
    print(title)
    for seconds, what in rows:
        print(f"{seconds:8.1f}  {what}")


def main(folder):
    results = Results(failed=lines_of(folder / "failed"), skipped=lines_of(folder / "skipped"))
    for report in sorted(folder.glob("*.xml")):
        add_report(results, report)
    times = [line.split("\t") for line in lines_of(folder / "times")]
    laps = [(float(seconds), what) for seconds, what in times]
    print_seconds("Where the time went, in seconds:", [*laps, (sum(seconds for seconds, _ in laps), "total")])
    print_seconds(f"The {SLOWEST} slowest tests, in seconds:", sorted(results.seconds, reverse=True)[:SLOWEST])
    for line in results.counts:
        print("counted:", line)
    for line in results.skipped:
        print("skipped:", line)
    for line in results.failed:
        print("failed:", line)
    print(f"{results.passed} passed, {len(results.failed)} failed, {len(results.skipped)} skipped")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
