"""An epoch of contrastive divergence (CD-1) of a 784-500 restricted Boltzmann machine on MNIST in batches of 100.

fanin dense, by default, and with samples of the visible units instead of their means; PyTorch without autograd. And
persistent CD, which is what scikit-learn has, with samples too (five products a step as well). All report the mean squared error with which they reconstruct the test images; fanin's and PyTorch's must
agree within 5 %.
"""
import statistics

from common import require, threads_text

DENSE, DEFAULT = "fanin, dense", "fanin, default"
STATES, PCD = "fanin, sampled visible units", "fanin, persistent CD"
TORCH, SKLEARN = "PyTorch", "scikit-learn, persistent CD"
FLOPS = 10 * 784 * 500 * 60000  # five products a step: two up, one down, two for the weights


def one_round(bench, figures, threads, seed):
    def add(side, result, skipped=1):
        figures.add(side, seconds=statistics.median(result["seconds"][skipped:]), error=result["reconstruction_error"])

    fp32, _ = bench.peaks(threads)
    figures.add("floor", seconds=FLOPS / fp32[threads])
    for side, zeros in ((DENSE, "multiply"), (DEFAULT, "automatic")):
        add(side, bench.tool("fanin_rbm_epoch", bench.epochs, threads, seed, zeros)[0])
    add(STATES, bench.tool("fanin_rbm_epoch", bench.epochs, threads, seed, "automatic", "cd", "states")[0])
    add(PCD, bench.tool("fanin_rbm_epoch", bench.epochs, threads, seed, "automatic", "pcd")[0])
    if bench.has("torch", "numpy"):
        add(TORCH, bench.rival("rbm_epoch/torch_rbm.py", bench.epochs, threads, seed)[0])
    if bench.has("sklearn", "numpy"):
        # Each of its epochs starts a new machine: one is enough, and its error is that after one epoch.
        add(SKLEARN, bench.rival("rbm_epoch/sklearn_rbm.py", 1, threads, seed)[0], skipped=0)
    check(figures)


def check(figures):
    for side in figures.sides:
        if "error" in figures.sides[side]:
            worst = max(figures.all(side, "error"))
            require(worst < 0.05, f"{side} reconstructs with an error of {worst:.4f}")
    dense, default = figures.all(DENSE, "error"), figures.all(DEFAULT, "error")
    require(dense == default, f"leaving out zeros changed the error from {dense} to {default}")
    if TORCH in figures.sides:
        apart = figures.ratio(DENSE, TORCH, "error") - 1
        require(abs(apart) < 0.05, f"the errors of fanin and PyTorch differ by {100 * apart:.1f} %")


def run(bench):
    bench.title(f"rbm: one epoch of CD-1, 784-500 machine, MNIST, batch 100. Medians over {bench.rounds} rounds in which the "
                f"sides run in turn, {bench.epochs} epochs each; a run's first epoch is left out")
    rows = []
    for threads in bench.threads:
        figures = bench.measure("rbm", threads, one_round)
        for side in (s for s in figures.sides if s != "floor"):
            rows.append([f"{side}, {threads_text(threads)}", f"{figures.median(side):.3f}", f"{figures.best(side):.3f}",
                         f"{figures.median(side, 'error'):.5f}", f"{100 * figures.ratio('floor', side):.1f}",
                         f"{figures.ratio(DENSE, side):.2f}", f"{figures.ratio(DEFAULT, side):.2f}",
                         f"{figures.ratio(STATES, side):.2f}", f"{figures.ratio(PCD, side):.2f}"])
        rows.append([f"floor, {threads_text(threads)}", f"{figures.median('floor'):.3f}", f"{figures.best('floor'):.3f}",
                     "", "", "", "", "", ""])
    bench.table(["", "s an epoch", "fastest, s", "test error", "floor/time %", "dense/its time", "default/its time",
                 "sampled/its time", "persistent/its time"], rows)
    bench.notes("test error: mean squared error of the reconstructed test images; scikit-learn's after one epoch "
                "(it starts afresh each time and has no first epoch to leave out), persistent CD models more than "
                "reconstructions",
                "floor: the five products of a step at the peak of fp32 multiply-adds measured in the same round; leaving "
                "out zeros may go below it, above 100 %",
                "dense/, default/, sampled/, persistent/its time: seconds of that fanin / seconds of the row; below 1 fanin is faster")
