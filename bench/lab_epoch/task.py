"""One epoch of the lab's network, 784-256-256-10 on MNIST with Adam in batches of 100: fanin, PyTorch, scikit-learn.

Three fanins: dense (--zeros multiply), the default, which leaves out products with zeros where that is faster, and bf16
factors. PyTorch in four styles, see torch_epoch.py. Time is that of the training steps, batches included, tests not.
tiny-dnn takes a minute for its one epoch and runs with --slow only, once, on one thread.
"""
import gzip
import pathlib
import statistics
import tempfile

from common import BIN, MNIST, require, threads_text

STEPS = 600
DENSE, DEFAULT, BF16 = "fanin, dense", "fanin, default", "fanin, bf16 factors"
OURS = {DENSE: ["--zeros", "multiply"], DEFAULT: [], BF16: ["--precision", "bf16"]}
TORCH = {"PyTorch, preloaded": "preloaded", "PyTorch, preloaded, fused Adam": "preloaded-fused",
         "PyTorch, DataLoader": "dataloader", "PyTorch, DataLoader of torchvision images": "torchvision"}
SKLEARN, TINY_DNN = "scikit-learn", "tiny-dnn, 1 epoch"


def one_round(bench, figures, threads, seed):
    def add(side, seconds, accuracy):
        require(accuracy > 0.95, f"{side} reached only {accuracy:.4f} on the test images")
        figures.add(side, seconds=statistics.median(seconds[1:]), accuracy=accuracy)

    fp32, bf16 = bench.peaks(threads)
    step = bench.fanin("bench", "--only", "step", "--zeros", "multiply", "--threads", 1)["step"]
    products, update = STEPS * step["flops"], STEPS * step["optimizer_seconds"] / threads
    figures.add("floor", seconds=products / fp32[threads] + update, update=update)
    if bf16:
        figures.add("bf16 floor", seconds=products / bf16[threads] + update)
    for side, flags in OURS.items():
        result = bench.fanin("train", "--epochs", bench.epochs, "--seed", seed, "--threads", threads,
                             "--no-test-each-epoch", *flags)
        add(side, [e["seconds"] for e in result["epochs"]], result["test_accuracy"])
    dense, default = (figures.all(side, "accuracy")[-1] for side in (DENSE, DEFAULT))
    require(dense == default, f"leaving out zeros changed the accuracy from {dense} to {default}")
    if bench.has("torch", "numpy"):
        for side, style in TORCH.items():
            if style == "torchvision" and not bench.has("torchvision", "PIL"):
                continue
            result = bench.rival("lab_epoch/torch_epoch.py", bench.epochs, threads, seed, style)[0]
            add(side, result["seconds"], result["test_accuracy"])
    if bench.has("sklearn", "numpy"):
        result = bench.rival("lab_epoch/sklearn_epoch.py", bench.epochs, threads, seed)[0]
        add(SKLEARN, result["seconds"], result["test_accuracy"])


def run_tiny_dnn(bench, figures):
    if not (BIN / "tiny_dnn_epoch").exists():
        bench.say("tiny-dnn is not compared: its headers (Debian's tiny-dnn, libcereal-dev and libstb-dev) were not there at the build\n")
        return
    bench.progress("epoch: tiny-dnn, a minute")
    with tempfile.TemporaryDirectory() as folder:
        for packed in MNIST.glob("*.gz"):
            (pathlib.Path(folder) / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
        result = bench.tool("tiny_dnn_epoch", folder)[0]
    require(result["test_accuracy"] > 0.9, f"tiny-dnn reached only {result['test_accuracy']}")
    figures.add(TINY_DNN, seconds=result["seconds"][0], accuracy=result["test_accuracy"])


def rows_of(figures, threads):
    rows = []
    for side in figures.sides:
        if "accuracy" not in figures.sides[side]:
            continue
        accuracy = statistics.mean(figures.all(side, "accuracy"))
        rows.append([f"{side}, {threads_text(threads)}", f"{figures.median(side):.3f}", f"{figures.best(side):.3f}",
                     f"{100 * accuracy:.2f}", f"{100 * figures.ratio('floor', side):.1f}",
                     f"{figures.ratio(DENSE, side):.2f}", f"{figures.ratio(DEFAULT, side):.2f}"])
    return rows


def floor_text(figures, threads):
    seconds, update = figures.median("floor"), figures.median("floor", "update")
    text = (f"floor with {threads_text(threads)}: {seconds:.3f} s, of which Adam's update by itself {update:.3f} s")
    if "bf16 floor" in figures.sides:
        text += (f"; with bf16 factors {figures.median('bf16 floor'):.3f} s, "
                 f"of which fanin reaches {100 * figures.ratio('bf16 floor', BF16):.1f} %")
    return text


def run(bench):
    bench.title(f"epoch: one epoch of 784-256-256-10 on MNIST, batch 100, Adam. Medians over {bench.rounds} rounds in which "
                f"the sides run in turn, {bench.epochs} epochs each; a run's first epoch is left out")
    rows, floors = [], []
    for threads in bench.threads:
        figures = bench.measure("epoch", threads, one_round)
        if bench.options.slow and threads == 1:
            run_tiny_dnn(bench, figures)
        rows += rows_of(figures, threads)
        floors.append(floor_text(figures, threads))
    bench.table(["", "s an epoch", "fastest, s", "test accuracy %", "floor/time %", "dense/its time", "default/its time"],
                rows)
    bench.notes("dense multiplies all numbers, default leaves out products with zeros where that is faster (same results)",
                "floor: 600 steps of 121.1 MFLOP at the peak of fp32 multiply-adds measured in the same round, and Adam's "
                "update by itself; leaving out zeros and bf16 may go below it, above 100 %",
                *floors,
                "dense/its time, default/its time: seconds of that fanin / seconds of the row; below 1 fanin is faster")
