"""The products of networks of several sizes, on one thread: forward, backward, gradient.

From `fanin bench --zeros multiply`, which times the parts of training steps one after the other and the machine's peak in
the same process. There is no rival here: the measure is the peak.
"""
import tempfile

from common import Figures, first_of_mnist, require

CASES = [("784-256-256-10", 100, 120), ("784-1024-1024-10", 128, 16), ("784-1024-1024-10", 1024, 4),
         ("784-4096-4096-10", 128, 4)]  # layers, batch, steps
KINDS = ("forward", "backward", "gradient and update")


def measure(bench, figures, folder, case):
    layers, batch, steps = case
    document = bench.fanin("bench", "--zeros", "multiply", "--threads", 1, "--layers", layers, "--batch", batch,
                           *first_of_mnist(folder, batch * steps))
    peak = 1e9 * document["peak"]["fp32_gflops"][0]["median"]
    for part in document["step"]["parts"]:
        for kind in KINDS:
            if part["flops"] > 0 and part["name"].startswith(f"{kind} linear"):
                shape = part["name"][len(f"{kind} linear"):].strip("()").replace(", ", " x ")
                rate = part["flops"] / part["seconds"]
                figures.add((f"{batch} x {shape}", kind), rate=rate / 1e9, share=100 * rate / peak)


def run(bench):
    bench.title(f"gemm: the products of training steps, 1 thread, fp32, nothing left out. Medians over {bench.rounds} rounds")
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        for r in range(bench.rounds):
            for case in CASES:
                bench.progress(f"gemm: {case[0]}, batch {case[1]}, round {r + 1} of {bench.rounds}")
                measure(bench, figures, folder, case)
    shapes = list(dict.fromkeys(shape for shape, _ in figures.sides))
    require(len(shapes) == 3 * len(CASES), f"expected three products of each network, found {shapes}")
    rows = []
    for shape in shapes:
        row = [shape]
        for kind in KINDS:
            here = (shape, kind) in figures.sides
            row += [f"{figures.median((shape, kind), 'rate'):.1f}" if here else "-",
                    f"{figures.median((shape, kind), 'share'):.0f}" if here else "-"]
        rows.append(row)
    head = ["batch x inputs x outputs"]
    for kind in ("forward", "backward", "gradient, update"):
        head += [f"{kind}, GFLOP/s", "% of peak"]
    bench.table(head, rows)
    bench.notes("peak: fp32 multiply-adds of one thread, measured in the same process",
                "gradient, update: the time includes Adam's update of the weights, GFLOP/s count the product alone",
                "-: the first layer has no derivatives to pass on; layers of 10 outputs take microseconds a step")
