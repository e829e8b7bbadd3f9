"""What the tasks share: running programs, the machine's peak, figures of rounds, tables.

The principles of all tasks:
- Ours and theirs run in turn in each round, because machines change their speed between one second and the next. A figure
  is the median over the rounds; a ratio is the median of the rounds' ratios, not the ratio of two medians.
- An answer (accuracy, error, moments, bits) is checked before its time is believed: `require` ends a task otherwise.
- The machine's peak is measured in each round, so that a share of it compares two neighbours in time.
"""
import gzip
import json
import pathlib
import statistics
import subprocess
import sys
import textwrap

WIDTH = 120  # of text lines
ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build" / "bench" / "bin"
MNIST = ROOT / "data" / "mnist"


class Failed(Exception):
    """A wrong answer, or a program that did not run."""


def require(holds, message):
    if not holds:
        raise Failed(message)


def run_program(command):
    """Its standard output. All programs run in the project's folder, so that they find the data."""
    words = [str(c) for c in command]
    result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    shown = " ".join(pathlib.Path(w).name if w.startswith("/") else w for w in words)
    error = result.stderr.strip().replace(str(ROOT) + "/", "")
    require(result.returncode == 0, f"{shown} failed:\n{error}")
    return result.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def threads_text(threads):
    return f"{threads} thread{'s' * (threads != 1)}"


class Figures:
    """What each side gave in each round. The lists of all sides are in the order of the rounds, so that pairs stay pairs."""

    def __init__(self):
        self.sides = {}

    def add(self, side, **figures):
        for name, value in figures.items():
            self.sides.setdefault(side, {}).setdefault(name, []).append(value)

    def all(self, side, name):
        return self.sides[side][name]

    def median(self, side, name="seconds"):
        return statistics.median(self.all(side, name))

    def best(self, side, name="seconds"):
        return min(self.all(side, name))

    def ratio(self, side, other, name="seconds"):
        return statistics.median(a / b for a, b in zip(self.all(side, name), self.all(other, name)))


class Bench:
    """One run of the suite: its options, the rivals that are there, and how it prints."""

    def __init__(self, options, python, rivals):
        self.options = options
        self.rounds, self.epochs, self.threads = options.rounds, options.epochs, options.threads
        self.python = python
        self.rivals = rivals

    def has(self, *modules):
        return all(m in self.rivals for m in modules)

    def fanin(self, command, *arguments):
        """The JSON document of `fanin COMMAND ARGUMENTS`."""
        return json.loads(run_program([BIN / "fanin", command, "--json", "--quiet", *arguments]))

    def tool(self, name, *arguments):
        """The JSON lines of one of our programs beside fanin."""
        return json_lines(run_program([BIN / name, *arguments]))

    def rival(self, script, *arguments):
        """The JSON lines of a rival's script in bench/."""
        return json_lines(run_program([self.python, ROOT / "bench" / script, *arguments]))

    def peaks(self, threads):
        """FLOP/s of independent fused multiply-adds at this moment: {threads: fp32} for 1 and `threads`, the same for
        bf16 (empty where the processor has no instruction for it)."""
        rates = self.fanin("bench", "--only", "machine", "--threads", threads)["peak"]
        return tuple({r["threads"]: 1e9 * r["median"] for r in rates[kind]} for kind in ("fp32_gflops", "bf16_gflops"))

    def measure(self, task, threads, one_round, most=None):
        """The figures of all rounds, at most `most`: one_round(bench, figures, threads, round) adds those of one."""
        figures = Figures()
        rounds = min(self.rounds, most or self.rounds)
        for r in range(rounds):
            self.progress(f"{task}: {threads_text(threads)}, round {r + 1} of {rounds}")
            one_round(self, figures, threads, r)
        return figures

    def progress(self, text):
        """A line that the next one overwrites, for who waits at a terminal."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def say(self, text=""):
        self.progress("")
        print(text, flush=True)

    def title(self, text):
        self.say(f"### {text}\n" if self.options.markdown else textwrap.fill(text, WIDTH) + "\n")

    def table(self, head, rows):
        """Names on the left, figures on the right."""
        if self.options.markdown:
            lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
            lines += ["| " + " | ".join(row) + " |" for row in rows]
        else:
            widths = [max(len(row[c]) for row in [head] + rows) for c in range(len(head))]
            cells = [head, ["-" * w for w in widths]] + rows
            lines = ["  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(row, widths)))
                     for row in cells]
        self.say("\n".join(line.rstrip() for line in lines) + "\n")

    def notes(self, *texts):
        """What a stranger needs to read a table."""
        wrapped = (textwrap.fill(t, WIDTH, initial_indent="- ", subsequent_indent="  ") for t in texts)
        self.say("\n".join(wrapped) + "\n")


def first_of_mnist(folder, samples):
    """Writes the first training samples as IDX files into `folder`; returns fanin's flags for them."""
    flags = []
    for flag, name in (("images", "train-images-idx3-ubyte"), ("labels", "train-labels-idx1-ubyte")):
        with gzip.open(MNIST / f"{name}.gz") as f:
            start = f.read(4)
            count = int.from_bytes(f.read(4), "big")
            other_axes = f.read(4 * (start[3] - 1))
            size = 1
            for i in range(0, len(other_axes), 4):
                size *= int.from_bytes(other_axes[i:i + 4], "big")
            n = min(samples, count)
            path = pathlib.Path(folder) / f"{flag}-{n}"
            path.write_bytes(start + n.to_bytes(4, "big") + other_axes + f.read(n * size))
        flags += [f"--{flag}", path]
    return flags
