"""Filling a 4096 x 4096 float32 matrix: fanin's schemes and torch.nn.init's of the same distributions.

The answer are the moments: of 1.7e7 numbers, means and standard deviations agree to 2e-3 of the standard deviation.
"""
import statistics

from common import require, threads_text

SIZE, REPETITIONS = 4096, 5


def one_round(bench, figures, threads, _):
    sides = {"fanin": bench.tool("fanin_fill", SIZE, SIZE, REPETITIONS, threads)}
    if bench.has("torch", "numpy"):
        sides["PyTorch"] = bench.rival("fill/torch_fill.py", SIZE, SIZE, REPETITIONS, threads)
    ours = {r["scheme"]: r for r in sides["fanin"]}
    for side, results in sides.items():
        for r in results:
            scheme = r["scheme"]
            mean, std = ours[scheme]["mean"], ours[scheme]["std"]
            require(abs(std / r["std"] - 1) < 2e-3 and abs(mean - r["mean"]) < 2e-3 * r["std"],
                    f"{scheme}: mean {mean:.3g}, deviation {std:.6g} of fanin, {r['mean']:.3g}, {r['std']:.6g} of {side}")
            figures.add((scheme, side), seconds=statistics.median(r["seconds"]), std=r["std"])


def run(bench):
    bench.title(f"fill: a {SIZE} x {SIZE} float32 matrix. Medians over {bench.rounds} rounds in which the sides run in turn, "
                f"{REPETITIONS} fills each")
    rows = []
    for threads in bench.threads:
        figures = bench.measure("fill", threads, one_round)
        for scheme, side in figures.sides:
            if side != "fanin":
                continue
            ours, theirs = (scheme, "fanin"), (scheme, "PyTorch")
            row = [f"{scheme}, {threads_text(threads)}", f"{1e3 * figures.median(ours):.2f}",
                   f"{SIZE * SIZE / figures.median(ours) / 1e6:.0f}", f"{figures.median(ours, 'std'):.5f}"]
            if theirs in figures.sides:
                row += [f"{1e3 * figures.median(theirs):.1f}", f"{figures.median(theirs, 'std'):.5f}",
                        f"{figures.ratio(theirs, ours):.1f}"]
            else:
                row += ["", "", ""]
            rows.append(row)
    bench.table(["", "fanin, ms", "million values/s", "deviation", "PyTorch, ms", "deviation", "PyTorch's/fanin's time"], rows)
    bench.notes("deviation: standard deviation of the values, the answer that must agree",
                "PyTorch's/fanin's time: above 1 fanin is faster")
