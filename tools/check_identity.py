#!/usr/bin/env python3
"""Checks that the bytes of a model's weights depend on nothing but the plan and the seed.

    check_identity.py PROGRAM...        programs `fanin`, each from another compiler

Every program writes one model of float32, bfloat16 and float16 tensors with 1, 2 and 5 threads, on every SIMD target of
the machine, as a whole and in 1 to 7 shards. Every file must be the first one byte by byte, its shards joined included;
`fanin verify` must agree. Prints the matrix. Exit status: 0 all are the same, 1 they are not.
"""
import hashlib
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile

THREADS = (1, 2, 5)
SHARDS = (1, 3, 7)
TARGETS = ("avx512", "avx2", "portable")
TYPES = ("f32", "bf16", "f16")
SCHEMES = {  # one from every family, with a shape
    "uniform(-0.1, 0.1)": [301, 173], "xavier_uniform": [256, 784], "xavier_normal(gain(tanh))": [256, 784],
    "he_normal": [64, 32, 3, 3], "truncated_normal(0, 0.02, -2, 2)": [1000, 33], "truncated_normal(0, 1, 6, 8)": [99, 50],
    "truncated_normal_absolute(0, 0.5, -1, 2, after)": [77, 41], "variance_scaling(2, fan_avg)": [120, 70],
    "lecun_normal": [120, 70], "orthogonal(sqrt(2))": [200, 130], "orthogonal(axis=1)": [33, 70, 4],
    "delta_orthogonal": [32, 16, 3, 3], "orthogonal_convolution": [16, 12, 3, 3], "looks_linear": [64, 48],
    "identity": [20, 30], "dirac(2)": [8, 4, 3, 3], "zero_hadamard(sqrt(2))": [65, 40], "sparse(0.4)": [150, 90],
    "sparse_connections(7)": [90, 60], "positive_unit_ball": [40, 30], "bilinear": [6, 1, 4, 4], "icnr(he_normal)": [16, 8, 3, 3],
    "dft": [33, 64], "dct": [40, 40], "nguyen_widrow": [50, 20], "oivs": [50, 20], "siren": [64, 64],
    "chrono(100)": [128], "mamba_dt_bias": [257], "prior_bias(0.01)": [91],
}


def failed(sentence):
    print(f"FAILED: {sentence}")
    sys.exit(1)


def run(program, arguments, target):
    environment = {**os.environ, "FANIN_SIMD": target}
    return subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)


def targets_of(program):
    """Those of TARGETS that this machine has."""
    return [t for t in TARGETS if run(program, ["list", "zeros"], t).returncode == 0]


def model(folder):
    """A description, and the rules that fill it."""
    parameters, rules = [], []
    for i, ((scheme, shape), dtype) in enumerate(itertools.product(SCHEMES.items(), TYPES)):
        name = f"p{i}"
        fan_out = shape[0]
        fan_in = 1
        for extent in shape[1:]:
            fan_in *= extent
        parameters.append({"name": name, "shape": shape, "dtype": dtype, "role": "weight", "kind": "other", "fan_in": fan_in,
                           "fan_out": fan_out})
        rules += ["--rule", f"name={name} -> {scheme}"]
    path = os.path.join(folder, "model.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"parameters": parameters}, file)
    return path, rules


def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        header.pop("__metadata__", None)
        found = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            found[name] = file.read(end - begin)
    return found


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(program, folder, spec, rules, target, threads, shard=None):
    path = os.path.join(folder, "w.safetensors")
    arguments = ["init", spec, "-o", path, "--seed", 7, "--threads", threads, "--quiet", *rules]
    done = run(program, arguments + (["--shard", shard] if shard else []), target)
    if done.returncode != 0:
        failed(f"{program} init, {target}, {threads} threads: {done.stderr.strip()}")
    return path


def main():
    programs = sys.argv[1:]
    if not programs:
        print(__doc__)
        sys.exit(2)
    first, files = None, 0
    with tempfile.TemporaryDirectory() as folder:
        spec, rules = model(folder)
        for program in programs:
            for target, threads in itertools.product(targets_of(program), THREADS):
                path = write(program, folder, spec, rules, target, threads)
                if first is None:
                    first, whole = digest(path), tensors(path)
                    done = run(program, ["verify", path], target)
                    if done.returncode != 0:
                        failed(f"fanin verify: {done.stdout}{done.stderr}")
                same = digest(path) == first
                files += 1
                for parts in SHARDS[1:]:
                    joined = {name: b"" for name in whole}
                    for part in range(1, parts + 1):
                        shard = write(program, folder, spec, rules, target, threads, f"{part}/{parts}")
                        for name, data in tensors(shard).items():
                            joined[name] += data
                        files += 1
                    different = [name for name in whole if joined[name] != whole[name]]
                    if different:
                        failed(f"{program}, {target}, {threads} threads, {parts} shards: {', '.join(different[:5])} differ")
                print(f"{'same' if same else 'DIFFERENT':10} {target:9} {threads} thread{'s' * (threads != 1)}, whole and "
                      f"{' and '.join(map(str, SHARDS[1:]))} shards   {os.path.relpath(program)}")
                if not same:
                    failed("not the bytes of the first file")
    print(f"{len(SCHEMES) * len(TYPES)} tensors, {files} files: the same bytes, SHA-256 of the whole {first[:16]}...")


if __name__ == "__main__":
    main()
