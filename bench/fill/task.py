"""Filling float32 matrices: fanin's schemes and torch.nn.init's of the same distributions, and what memory takes.

The answer are the moments: of 1.7e7 numbers, means and standard deviations agree to 2e-3 of the standard deviation; those
of orthogonal matrices, whose squares sum up exactly, to 1e-5.
"""
import statistics

from common import require, threads_text

SIZE, REPETITIONS = 4096, 5
SCHEMES = ("xavier_uniform", "xavier_normal", "truncated_normal")
ORTHOGONAL = ((1024, 5), (4096, 1))  # size, repetitions


def compare(figures, sides, size, mean_error, std_error):
    ours = {r["scheme"]: r for r in sides["fanin"]}
    for side, results in sides.items():
        for r in results:
            scheme = r["scheme"]
            mean, std = ours[scheme]["mean"], ours[scheme]["std"]
            require(abs(std / r["std"] - 1) < std_error and abs(mean - r["mean"]) < mean_error * r["std"],
                    f"{scheme}: mean {mean:.3g}, deviation {std:.6g} of fanin, {r['mean']:.3g}, {r['std']:.6g} of {side}")
            figures.add((f"{scheme} {size} x {size}", side), seconds=statistics.median(r["seconds"]), std=r["std"],
                        values=size * size)


def both(bench, size, repetitions, threads, schemes):
    sides = {"fanin": bench.tool("fanin_fill", size, size, repetitions, threads, *schemes)}
    if bench.has("torch", "numpy"):
        sides["PyTorch"] = bench.rival("fill/torch_fill.py", size, size, repetitions, threads, *schemes)
    return sides


def one_round(bench, figures, threads, _):
    store = bench.fanin("bench", "--only", "machine", "--threads", threads)["store_gb_per_second"]
    figures.add(("store", "machine"), rate=next(s["median"] for s in store if s["threads"] == threads))
    compare(figures, both(bench, SIZE, REPETITIONS, threads, SCHEMES), SIZE, 2e-3, 2e-3)


def orthogonal_round(bench, figures, threads, _):
    for size, repetitions in ORTHOGONAL:
        compare(figures, both(bench, size, repetitions, threads, ("orthogonal",)), size, 1e-2, 1e-5)


def rows_of(figures, threads, store=None):
    rows = []
    for name, side in figures.sides:
        if side != "fanin":
            continue
        ours, theirs = (name, "fanin"), (name, "PyTorch")
        seconds, values = figures.median(ours), figures.median(ours, "values")
        row = [f"{name}, {threads_text(threads)}", f"{1e3 * seconds:.2f}", f"{values / seconds / 1e6:.0f}",
               f"{100 * 4 * values / seconds / store:.0f}" if store else "", f"{figures.median(ours, 'std'):.5f}"]
        if theirs in figures.sides:
            row += [f"{1e3 * figures.median(theirs):.1f}", f"{figures.median(theirs, 'std'):.5f}",
                    f"{figures.ratio(theirs, ours):.1f}"]
        else:
            row += ["", "", ""]
        rows.append(row)
    return rows


def run(bench):
    bench.title(f"fill: float32 matrices. Medians over {bench.rounds} rounds in which the sides run in turn, "
                f"{REPETITIONS} fills each; of orthogonal ones over at most 3 rounds")
    rows, rates = [], []
    for threads in bench.threads:
        figures = bench.measure("fill", threads, one_round)
        store = 1e9 * figures.median(("store", "machine"), "rate")
        rates.append(f"{store / 1e9:.1f} with {threads}")
        rows += rows_of(figures, threads, store)
        rows += rows_of(bench.measure("fill", threads, orthogonal_round, most=3), threads)
    bench.table(["", "fanin, ms", "million values/s", "% of stores", "deviation", "PyTorch, ms", "deviation",
                 "PyTorch's/fanin's time"], rows)
    bench.notes("% of stores: the bytes written, as a share of what stores past the caches reach, measured in the same rounds; "
                f"GB/s by threads: {', '.join(rates)}",
                "deviation: standard deviation of the values, the answer that must agree",
                "PyTorch's/fanin's time: above 1 fanin is faster")
