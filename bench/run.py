#!/usr/bin/env python3
"""Measures fanin beside PyTorch: the lab's epoch and the filling of a large matrix.

The two run in turn, ours, theirs, ours, theirs; figures are medians over all runs and the ratio is the median of the
pairs' ratios, because machines change their speed between one second and the next. Each side's answer (test accuracy,
moments) is checked and printed before its time is believed. Without PyTorch only our own figures are printed.

usage: bench/run.py [--rounds N] [--epochs N] [--threads 1,2] [--only epoch|fill] [--markdown]
environment: FANIN_PYTHON names a Python that has torch and numpy (default: python3)
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "bench" / "bin"
PYTHON = os.environ.get("FANIN_PYTHON", "python3")


def lines(command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{result.stderr.strip()}")
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def torch_version():
    probe = subprocess.run([PYTHON, "-c", "import numpy, torch; print(torch.__version__)"], capture_output=True, text=True)
    return probe.stdout.strip() if probe.returncode == 0 else None


def machine():
    name = "unknown processor"
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            name = line.split(":", 1)[1].strip()
            break
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def table(head, rows, markdown):
    cells = [head] + rows
    if markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" + "---:|" * (len(head) - 1))
        for row in rows:
            print("| " + " | ".join(row) + " |")
    else:
        widths = [max(len(row[c]) for row in cells) for c in range(len(head))]
        for row in cells:
            print("  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths))))
    print(flush=True)


def median(values):
    return statistics.median(values)


def bench_epoch(options, has_torch):
    print(f"One epoch of 784-256-256-10 on MNIST, batch 100, Adam: medians over {options.rounds} alternating runs of "
          f"{options.epochs} epochs, the first epoch of each left out")
    data = ROOT / "data" / "mnist"
    rows = []
    for threads in options.threads:
        ours, theirs, ratios, accuracy, rival_accuracy = [], {}, {}, [], []
        for round_ in range(options.rounds):
            command = [BIN / "fanin", "train", "--epochs", options.epochs, "--seed", round_, "--threads", threads,
                       "--no-test-each-epoch", "--json", "--quiet"]
            result = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=ROOT)
            if result.returncode != 0:
                sys.exit(f"bench: fanin train failed:\n{result.stderr.strip()}")
            document = json.loads(result.stdout)
            mine = median([e["seconds"] for e in document["epochs"][1:]])
            ours.append(mine)
            accuracy.append(document["test_accuracy"])
            for adam in ("default", "fused") if has_torch else ():
                rival = lines([PYTHON, ROOT / "bench/lab_epoch/torch_preloaded.py", data, options.epochs, threads, round_,
                               adam])[0]
                other = median(rival["seconds"][1:])
                theirs.setdefault(adam, []).append(other)
                ratios.setdefault(adam, []).append(mine / other)
                rival_accuracy.append(rival["test_accuracy"])
        for name, values in (("fanin", accuracy), ("PyTorch", rival_accuracy)):
            if values and min(values) < 0.95:
                sys.exit(f"bench: {name} reached only {min(values):.4f} on the test images; its time counts for nothing")
        rows.append([f"fanin, {threads} thread{'s' * (threads > 1)}", f"{median(ours):.3f}", f"{min(ours):.3f}",
                     f"{100 * statistics.mean(accuracy):.2f}", ""])
        for adam, seconds in theirs.items():
            rows.append([f"PyTorch pre-loaded, {adam} Adam", f"{median(seconds):.3f}", f"{min(seconds):.3f}",
                         f"{100 * statistics.mean(rival_accuracy):.2f}", f"{median(ratios[adam]):.2f}"])
    table(["", "seconds an epoch", "fastest", "test accuracy %", "fanin's time / its time"], rows, options.markdown)


def bench_fill(options, has_torch):
    size, repetitions = 4096, 9
    print(f"Filling a {size} x {size} float32 matrix: medians over {options.rounds} alternating runs of {repetitions} fills")
    rows = []
    for threads in options.threads:
        ours, theirs, ratios = {}, {}, {}
        for _ in range(options.rounds):
            mine = {r["scheme"]: r for r in lines([BIN / "fanin_fill", size, size, repetitions, threads])}
            rival = {}
            if has_torch:
                rival = {r["scheme"]: r for r in lines([PYTHON, ROOT / "bench/fill/torch_fill.py", size, size, repetitions,
                                                        threads])}
            for scheme, result in mine.items():
                ours.setdefault(scheme, []).append(median(result["seconds"]))
                if scheme not in rival:
                    continue
                other = rival[scheme]
                # 1.7e7 numbers: the standard deviations agree to 1e-3 of themselves, the means to 1e-3 of them.
                if abs(result["std"] / other["std"] - 1) > 2e-3 or abs(result["mean"] - other["mean"]) > 2e-3 * other["std"]:
                    sys.exit(f"bench: {scheme}: moments differ: {result['mean']:.3g} {result['std']:.6g} here, "
                             f"{other['mean']:.3g} {other['std']:.6g} there")
                theirs.setdefault(scheme, []).append(median(other["seconds"]))
                ratios.setdefault(scheme, []).append(median(other["seconds"]) / median(result["seconds"]))
        for scheme, seconds in ours.items():
            rows.append([f"{scheme}, {threads} thread{'s' * (threads > 1)}", f"{1e3 * median(seconds):.2f}",
                         f"{1e3 * median(theirs[scheme]):.1f}" if scheme in theirs else "-",
                         f"{median(ratios[scheme]):.1f}x" if scheme in ratios else "-"])
    table(["", "fanin ms", "PyTorch ms", "speed-up"], rows, options.markdown)


def main():
    parser = argparse.ArgumentParser(description="Measures fanin beside PyTorch.")
    parser.add_argument("--rounds", type=int, default=5, help="alternating runs of each (default 5)")
    parser.add_argument("--epochs", type=int, default=4, help="epochs a run (default 4, at least 2)")
    parser.add_argument("--threads", default="1,2", help="thread counts (default 1,2)")
    parser.add_argument("--only", choices=["epoch", "fill"], help="one of the tasks")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    options = parser.parse_args()
    options.threads = [int(t) for t in options.threads.split(",")]
    options.epochs = max(2, options.epochs)
    rival = torch_version()
    print(f"machine: {machine()}")
    if rival is None:
        print(f"PyTorch: not found by {PYTHON}; install torch and numpy and name that Python in FANIN_PYTHON to compare")
    else:
        print(f"PyTorch: {rival}")
    print(flush=True)
    if options.only != "fill":
        bench_epoch(options, rival is not None)
    if options.only != "epoch":
        bench_fill(options, rival is not None)


if __name__ == "__main__":
    main()
