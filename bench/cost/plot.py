"""Draws the tables of the task `cost`: three panels, time per sample against width, depth and batch.

usage: plot.py POINTS_JSON PICTURE
"""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

PANELS = {
    "width": ("784-w-w-10, batch 100", "width w"),
    "depth": ("784-256-…-256-10, batch 100", "hidden layers of 256 units"),
    "batch": ("784-256-256-10", "samples in a batch"),
}


def draw_panel(axes, title, label, points):
    x = [p["x"] for p in points]

    def microseconds(name):
        return [1e6 * p[name] for p in points]

    axes.plot(x, microseconds("products"), color="0.55", linewidth=1.2, linestyle="--",
              label="products at the machine's peak")
    axes.plot(x, microseconds("floor"), color="0.25", linewidth=1.4, label="floor: products at peak, and Adam by itself")
    axes.plot(x, microseconds("time"), "o", color="#c8451b", markersize=6, label="fanin, measured")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(x)
    axes.set_xticklabels([str(v) for v in x])
    axes.minorticks_off()
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(label, fontsize=10.5)
    axes.grid(True, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        curves = json.load(f)
    figure, panels = plt.subplots(1, 3, figsize=(12, 4.4), sharey=True)
    for axes, (sweep, (title, label)) in zip(panels, PANELS.items()):
        draw_panel(axes, title, label, curves[sweep])
    panels[0].set_ylabel("microseconds per sample, 1 thread", fontsize=10.5)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="lower center", ncol=3, frameon=False, fontsize=10.5)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(sys.argv[2], dpi=110)


main()
