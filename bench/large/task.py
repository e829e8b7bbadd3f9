"""A network whose products fill the machine: 784-4096-4096-10 in batches of 1024, fanin dense and PyTorch.

Trained on the 10,000 test images, so that an epoch is 9 whole steps of 116 GFLOP; the one epoch of a run counts, for its
first step is no slower than one of many. The answer is the accuracy on the same images.
"""
from common import MNIST, require, threads_text

LAYERS, BATCH, STEPS = "784-4096-4096-10", 1024, 9
FLOPS = 2 * BATCH * (2 * 784 * 4096 + 3 * 4096 * 4096 + 3 * 4096 * 10)  # no product for the derivative of the input
FANIN = "fanin, dense"
TORCH = {"PyTorch, preloaded": "preloaded", "PyTorch, preloaded, fused Adam": "preloaded-fused"}
MOST_ROUNDS = 2


def one_round(bench, figures, threads, seed):
    def add(side, seconds, accuracy):
        require(accuracy > 0.5, f"{side} reached only {accuracy:.4f} after {STEPS} steps")
        rate = STEPS * FLOPS / seconds
        figures.add(side, seconds=seconds / STEPS, rate=rate, share=rate / fp32[threads], accuracy=accuracy)

    fp32, _ = bench.peaks(threads)
    files = [MNIST / f"t10k-{part}.gz" for part in ("images-idx3-ubyte", "labels-idx1-ubyte")]
    result = bench.fanin("train", "--layers", LAYERS, "--batch", BATCH, "--drop-last", "--epochs", 1, "--seed", seed,
                         "--threads", threads, "--zeros", "multiply", "--images", files[0], "--labels", files[1],
                         "--test-images", files[0], "--test-labels", files[1])
    add(FANIN, result["epochs"][0]["seconds"], result["test_accuracy"])
    if bench.has("torch", "numpy"):
        for side, style in TORCH.items():
            result = bench.rival("lab_epoch/torch_epoch.py", 1, threads, seed, style, LAYERS, BATCH)[0]
            add(side, result["seconds"][0], result["test_accuracy"])


def run(bench):
    rounds = min(bench.rounds, MOST_ROUNDS)
    bench.title(f"large: {LAYERS}, batch {BATCH}, Adam, {STEPS} steps of {FLOPS / 1e9:.1f} GFLOP. Medians over {rounds} "
                f"rounds in which the sides run in turn")
    rows = []
    for threads in bench.threads:
        figures = bench.measure("large", threads, one_round, MOST_ROUNDS)
        for side in figures.sides:
            rows.append([f"{side}, {threads_text(threads)}", f"{figures.median(side):.3f}",
                         f"{figures.median(side, 'rate') / 1e9:.1f}", f"{100 * figures.median(side, 'share'):.1f}",
                         f"{100 * figures.median(side, 'accuracy'):.1f}", f"{figures.ratio(FANIN, side):.2f}"])
    bench.table(["", "s a step", "GFLOP/s", "share of peak %", "accuracy %", "fanin's/its time"], rows)
    bench.notes("GFLOP/s: those of the products over the time of the whole step, Adam's update of 20 million weights included",
                "share of peak: of the fp32 multiply-adds measured in the same round with as many threads",
                f"accuracy: on the images it trained on, after {STEPS} steps",
                "fanin's/its time: below 1 fanin is faster")
