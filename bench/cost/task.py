"""What a training step costs a sample as the network or the batch grows: one thread, dense, Adam, beside the floor.

Three sweeps of `fanin bench --only step --zeros multiply`, whose JSON has the median time of a trainer's step and the
floor at that moment: the step's products at the machine's peak, and the optimizer by itself. --plot FILE draws them.
"""
import json
import pathlib
import tempfile

from common import Figures, first_of_mnist, require

SWEEPS = {
    "width": [(w, f"784-{w}-{w}-10", 100) for w in (64, 128, 256, 512, 1024, 2048, 4096)],
    "depth": [(d, "784-" + "256-" * d + "10", 100) for d in (1, 2, 4, 8, 16, 32, 64)],
    "batch": [(b, "784-256-256-10", b) for b in (1, 4, 16, 64, 256, 1024, 4096)],
}
TITLES = {"width": "width w of 784-w-w-10, batch 100", "depth": "hidden layers of 256, batch 100",
          "batch": "batch, 784-256-256-10"}
FLOPS_AN_EPOCH = 1e10


def step_flops(layers, batch):
    widths = [int(w) for w in layers.split("-")]
    products = [a * b for a, b in zip(widths, widths[1:])]
    return 2 * batch * (3 * sum(products) - products[0])


def measure(bench, figures, folder, point, layers, batch):
    steps = min(120, max(4, int(FLOPS_AN_EPOCH / step_flops(layers, batch))))
    # he_uniform keeps the numbers of deep networks in the middle of their range.
    step = bench.fanin("bench", "--only", "step", "--zeros", "multiply", "--threads", 1, "--init", "he_uniform",
                       "--layers", layers, "--batch", batch, *first_of_mnist(folder, batch * steps))["step"]
    require(step["flops"] == step_flops(layers, batch), f"{layers}: fanin counts {step['flops']} FLOP a step")
    one = step["steps"][0]
    figures.add(point, time=one["seconds"] / batch, floor=one["floor"] / batch, share=one["share"],
                products=(one["floor"] - step["optimizer_seconds"]) / batch, flops=step["flops"] / batch,
                rate=step["flops"] / one["seconds"])


def draw(bench, curves, target):
    if not bench.has("matplotlib"):
        bench.say("no picture: FANIN_PYTHON has no matplotlib\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        points = pathlib.Path(folder) / "points.json"
        points.write_text(json.dumps(curves), encoding="utf-8")
        bench.rival("cost/plot.py", points, pathlib.Path(target).resolve())
    bench.say(f"wrote {target}\n")


def run(bench):
    bench.title(f"cost: time of a training step for each sample, 1 thread, dense, Adam. Medians over {bench.rounds} rounds")
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        for r in range(bench.rounds):
            for sweep, points in SWEEPS.items():
                bench.progress(f"cost: {sweep}, round {r + 1} of {bench.rounds}")
                for x, layers, batch in points:
                    measure(bench, figures, folder, (sweep, x), layers, batch)
    curves = {}
    for sweep, points in SWEEPS.items():
        rows = []
        for x, _, _ in points:
            values = {name: figures.median((sweep, x), name) for name in figures.sides[sweep, x]}
            curves.setdefault(sweep, []).append({"x": x, **values})
            rows.append([str(x), f"{1e6 * values['time']:.2f}", f"{values['flops'] / 1e6:.3f}",
                         f"{values['rate'] / 1e9:.1f}", f"{1e6 * values['floor']:.2f}", f"{100 * values['share']:.0f}"])
        bench.table([TITLES[sweep], "us a sample", "MFLOP a sample", "GFLOP/s", "floor, us", "floor/time %"], rows)
    bench.notes("floor: the products at the peak of fp32 multiply-adds measured at that moment, and Adam by itself",
                "GFLOP/s: those of the products over the time of the whole step; with small batches Adam, which updates all "
                "weights once a step, takes most of it")
    if bench.options.plot:
        draw(bench, curves, bench.options.plot)
