"""`fanin lab --quick` from a cold start: nine initializations, two epochs each, data loading, tests and files included.

The whole process is timed from outside and compared with the seconds that it spent in training steps, as its JSON says.
"""
import tempfile
import time

from common import require, threads_text

MOST_ROUNDS = 2


def one_round(bench, figures, threads, _):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        document = bench.fanin("lab", "--quick", "--threads", threads, "--out", folder)
        wall = time.perf_counter() - start
    best = max(row["test_accuracy_mean"] for row in document["rows"])
    require(best > 0.95, f"the best initialization reached only {best:.4f}")
    training = sum(run["seconds"] for row in document["rows"] for run in row["runs"])
    figures.add("lab", seconds=wall, training=training, outside=1 - training / wall, accuracy=best)


def run(bench):
    rounds = min(bench.rounds, MOST_ROUNDS)
    bench.title(f"lab: the whole of `fanin lab --quick`, nine initializations of two epochs. Medians over {rounds} rounds")
    rows = []
    for threads in bench.threads:
        figures = bench.measure("lab", threads, one_round, MOST_ROUNDS)
        rows.append([threads_text(threads), f"{figures.median('lab'):.2f}", f"{figures.median('lab', 'training'):.2f}",
                     f"{100 * figures.median('lab', 'outside'):.1f}", f"{100 * figures.median('lab', 'accuracy'):.2f}"])
    bench.table(["", "whole process, s", "training steps, s", "outside of them %", "best test accuracy %"], rows)
    bench.notes("outside of training steps: start, reading MNIST, initial weights, tests before, between and after, files")
