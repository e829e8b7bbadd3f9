"""Fills a matrix with PyTorch's initializers. Prints one JSON line a scheme: seconds of each repetition, moments.

usage: torch_fill.py ROWS COLS REPETITIONS THREADS SCHEME...
"""
import json
import sys
import time

import torch


def main():
    rows, cols, repetitions, threads = map(int, sys.argv[1:5])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    w = torch.zeros(rows, cols)
    schemes = {
        "xavier_uniform": torch.nn.init.xavier_uniform_,
        "xavier_normal": torch.nn.init.xavier_normal_,
        "truncated_normal": lambda t: torch.nn.init.trunc_normal_(t, 0.0, 1.0, -2.0, 2.0),
        "orthogonal": torch.nn.init.orthogonal_,
    }
    for name in sys.argv[5:]:
        fill = schemes[name]
        fill(w)
        seconds = []
        for _ in range(repetitions):
            start = time.perf_counter()
            fill(w)
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"scheme": name, "seconds": seconds, "mean": w.double().mean().item(),
                          "std": w.double().std().item(), "version": torch.__version__}))


main()
