#!/usr/bin/env python3
"""Measures fanin: beside its rivals on this machine, and beside what the machine itself could reach.

Each task is a folder of bench/ with a task.py, which says what is measured and how; common.py says what holds for all.
Exit codes: 0 all answers are right, 1 one is not or a program failed, 2 usage. A time never decides.

usage: bench/run.py [--rounds N] [--epochs N] [--threads 1,2] [--only TASK,TASK] [--markdown] [--slow] [--plot FILE]
environment: FANIN_PYTHON names a Python with torch, numpy and scikit-learn (default: python3)
"""
import argparse
import datetime
import importlib.util
import json
import os
import subprocess
import sys
import time

from common import BIN, ROOT, Bench, Failed

TASKS = {  # in the order of running: the folder of each
    "epoch": "lab_epoch",
    "rbm": "rbm_epoch",
    "large": "large",
    "scaling": "scaling",
    "lab": "lab",
    "fill": "fill",
    "gemm": "gemm",
    "cost": "cost",
}

PROBE = """
import importlib, json
found = {}
for module in ("torch", "numpy", "sklearn", "matplotlib", "torchvision", "PIL"):
    try:
        found[module] = importlib.import_module(module).__version__
    except ImportError:
        pass
print(json.dumps(found))
"""


def task_names(text):
    names = text.split(",")
    for name in names:
        if name not in TASKS:
            raise argparse.ArgumentTypeError(f"unknown task '{name}', there are {', '.join(TASKS)}")
    return names


def positive(text):
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive number")
    return int(text)


def parse_options():
    parser = argparse.ArgumentParser(prog="./run bench", description="Measures fanin, its rivals and the machine.")
    parser.add_argument("--rounds", type=positive, default=5, metavar="N",
                        help="alternating runs of each side (default 5; the longest tasks take fewer and say so)")
    parser.add_argument("--epochs", type=positive, default=3, metavar="N",
                        help="epochs a run, the first of which does not count (default 3, at least 2)")
    parser.add_argument("--threads", type=lambda text: [positive(t) for t in text.split(",")], default=[1, 2],
                        metavar="1,2", help="thread counts (default 1,2)")
    parser.add_argument("--only", type=task_names, default=list(TASKS), metavar="TASK,TASK",
                        help=f"some of the tasks: {', '.join(TASKS)}")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument("--slow", action="store_true", help="also run tiny-dnn, which takes a minute for an epoch")
    parser.add_argument("--plot", metavar="FILE", help="save the tables of the task `cost` as a picture, too")
    options = parser.parse_args()
    options.epochs = max(2, options.epochs)
    return options


def find_rivals(python):
    try:
        probe = subprocess.run([python, "-c", PROBE], capture_output=True, text=True)
    except OSError:
        return {}
    return json.loads(probe.stdout) if probe.returncode == 0 else {}


def print_header(bench):
    document = bench.fanin("bench", "--only", "machine", "--threads", max(bench.threads))
    machine = document["machine"]
    bench.title("fanin's benchmarks")
    bench.say(f"date: {datetime.date.today().isoformat()}")
    bench.say(f"machine: {machine['processor'] or 'unknown processor'}, {machine['cores']} cores, {machine['simd']}")
    for kind in ("fp32", "bf16"):
        rates = [f"{r['median']:.0f} with {r['threads']}" for r in document["peak"][f"{kind}_gflops"]]
        bench.say(f"peak of multiply-adds, {kind}, GFLOP/s by threads: {', '.join(rates) or 'no instruction'}")
    rivals = {"torch": "PyTorch", "sklearn": "scikit-learn"}
    found = [f"{name} {bench.rivals[m]}" for m, name in rivals.items() if bench.has(m, "numpy")]
    bench.say(f"versions: {', '.join(['fanin ' + document['version']] + found)}")
    absent = [name for m, name in rivals.items() if not bench.has(m, "numpy")]
    if absent:
        bench.say(f"not compared with {' and '.join(absent)}: set FANIN_PYTHON to a Python that has numpy and it")
    bench.say()


def run_task(name, bench):
    spec = importlib.util.spec_from_file_location(f"{name}_task", ROOT / "bench" / TASKS[name] / "task.py")
    task = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(task)
    task.run(bench)


def main():
    options = parse_options()
    if not (BIN / "fanin").exists():
        sys.exit("bench: not built; ./run bench builds and runs it")
    python = os.environ.get("FANIN_PYTHON", "python3")
    bench = Bench(options, python, find_rivals(python))
    start = time.monotonic()
    failures = 0
    try:
        print_header(bench)
        for name in options.only:
            try:
                run_task(name, bench)
            except Failed as failure:
                failures += 1
                bench.say(f"WRONG, {name}: {failure}\n")
    except Failed as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
    verdict = "all answers are right" if failures == 0 else f"{failures} of {len(options.only)} tasks failed, see WRONG"
    bench.say(f"{verdict}; {time.monotonic() - start:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
