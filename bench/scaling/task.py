"""What more threads give, and that they change no bit.

Short runs of the lab's network (3 epochs, the first left out) with one thread and with the largest of --threads, in turn.
A guest's two processors may be one core's two hyperthreads for seconds at a time: beside each pair stands what raw
multiply-adds gained at that moment. Then the SHA-256 of the trained weights with 1, 2 and 4 threads, which must be equal.
"""
import hashlib
import pathlib
import statistics
import tempfile

from common import require, threads_text

MOST_PAIRS = 12
SLOW = 0.75  # a pair whose speed-up is below this share of its threads: 1.5 of 2
MODES = {"fanin, dense": ["--zeros", "multiply"], "fanin, default": [], "fanin, bf16 factors": ["--precision", "bf16"]}


def seconds(bench, threads, seed):
    result = bench.fanin("train", "--epochs", 3, "--seed", seed, "--threads", threads, "--zeros", "multiply",
                         "--no-test-each-epoch")
    require(result["test_accuracy"] > 0.95, f"{threads_text(threads)} reached only {result['test_accuracy']:.4f}")
    return statistics.median(e["seconds"] for e in result["epochs"][1:])


def measure_pairs(bench, threads):
    pairs = min(3 * bench.rounds, MOST_PAIRS)
    rows, speed_ups, raw = [], [], []
    for p in range(pairs):
        bench.progress(f"scaling: pair {p + 1} of {pairs}")
        one, many = seconds(bench, 1, p), seconds(bench, threads, p)
        fp32, _ = bench.peaks(threads)
        speed_ups.append(one / many)
        raw.append(fp32[threads] / fp32[1])
        rows.append([f"pair {p + 1}", f"{one:.3f}", f"{many:.3f}", f"{speed_ups[-1]:.2f}", f"{raw[-1]:.2f}"])
    rows.append(["median", "", "", f"{statistics.median(speed_ups):.2f}", f"{statistics.median(raw):.2f}"])
    rows.append(["best", "", "", f"{max(speed_ups):.2f}", f"{max(raw):.2f}"])
    bench.table(["", "1 thread, s an epoch", f"{threads_text(threads)}, s an epoch", "speed-up", "of raw multiply-adds"], rows)
    slow = sum(s < SLOW * threads for s in speed_ups)
    bench.notes("speed-up: seconds with 1 thread / seconds with more; of raw multiply-adds: what the machine itself gains, "
                "measured right after the pair",
                f"pairs in the slow mode, with a speed-up below {SLOW * threads:g}: {slow} of {pairs}")


def weights_hash(bench, threads, flags):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "net.safetensors"
        bench.fanin("train", "--epochs", 1, "--threads", threads, "--no-test-each-epoch", "-o", path, *flags)
        return hashlib.sha256(path.read_bytes()).hexdigest()


def compare_bits(bench):
    rows, different = [], []
    for mode, flags in MODES.items():
        bench.progress(f"scaling: bits of {mode}")
        hashes = [weights_hash(bench, t, flags) for t in (1, 2, 4)]
        rows.append([mode] + [h[:16] for h in hashes])
        if len(set(hashes)) != 1:
            different.append(mode)
    bench.table(["first 64 bits of the SHA-256 of the weights after one epoch", "1 thread", "2 threads", "4 threads"],
                rows)
    require(not different, f"the weights depend on the number of threads: {'; '.join(different)}")


def run(bench):
    threads = max(bench.threads)
    bench.title("scaling: one epoch of 784-256-256-10 on MNIST, batch 100, Adam, dense, with more threads")
    if threads > 1:
        measure_pairs(bench, threads)
    else:
        bench.say("--threads has no number above 1: no speed-up to measure\n")
    compare_bits(bench)
