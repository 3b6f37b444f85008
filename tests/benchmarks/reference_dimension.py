#!/usr/bin/env python3
"""Times Levina-Bickel at three values of k in NumPy, for `mambasynth bench dimension --against FILE`.

`loop`: for each k, computes the full distance matrix in double and sorts each row in turn, as in the original program.
`matrix`: one distance matrix, by a matrix product, and one sort for all k, the fastest way in NumPy. Both leave out
TwoNN and Gride, which `mambasynth bench dimension` also computes.

    pip install -r requirements.txt
    python3 reference_dimension.py loop --json loop.json
    python3 reference_dimension.py matrix --json matrix.json
    mambasynth bench dimension --against loop.json --against matrix.json
"""
import argparse
import json
import statistics
import time

import numpy


KS = (10, 30, 100)


def distances(x):
    squares = (x * x).sum(axis=1)
    return numpy.sqrt(numpy.maximum(squares[:, None] + squares[None, :] - 2 * x @ x.T, 0))


def matrix(x):
    nearest = numpy.sort(distances(x), axis=1)[:, 1:max(KS) + 1]
    return [((k - 1) / numpy.log(nearest[:, k - 1:k] / nearest[:, :k - 1]).sum(axis=1)).mean() for k in KS]


def loop(x):
    means = []
    for k in KS:
        values = []
        for row in distances(x):
            nearest = numpy.sort(row)[1:k + 1]
            values.append(1 / numpy.log(nearest[-1] / nearest[:-1]).mean())
        means.append(numpy.mean(values))
    return means


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=("loop", "matrix"))
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", required=True)
    options = parser.parse_args()
    x = numpy.random.default_rng(0).standard_normal((options.points, options.dims))
    seconds = []
    for _ in range(options.runs + 1):
        start = time.perf_counter()
        (loop if options.way == "loop" else matrix)(x)
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[1:])  # the first is a warm-up
    print(f"{options.way} {1000 * median:.1f} ms")
    with open(options.json, "w") as file:
        json.dump({"implementation": f"numpy {options.way}", "results": [{"name": "dimension", "median_s": median}]}, file)


if __name__ == "__main__":
    main()
