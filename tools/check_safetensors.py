#!/usr/bin/env python3
"""Passes safetensors files both ways between fanin and the Python package `safetensors`.

    check_safetensors.py PATH_OF_io_safetensors_tool PATH_OF_fanin

The first writes and reads every type; the second initializes a model that the package wrote, as float32, bfloat16 and
float16, which the package must load, and judges tensors that NumPy made. Exit status: 0 both agree, 1 they do not, 77 skipped because numpy or safetensors is missing. Where torch is
installed, its loader is asked too.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import safetensors
    import safetensors.numpy
except ImportError as error:
    print(f"skipped: {sys.executable} has no module {error.name}")
    sys.exit(77)

METADATA = {"seed": "42", "quote": '"\\\n\t', "unicode": "Gewichte \u00fc"}
NUMPY = {
    "bool": np.bool_, "u8": np.uint8, "i8": np.int8, "i16": np.int16, "u16": np.uint16, "f16": np.float16,
    "i32": np.int32, "u32": np.uint32, "f32": np.float32, "f64": np.float64, "i64": np.int64, "u64": np.uint64,
}
ITEM_BYTES = {**{name: np.dtype(t).itemsize for name, t in NUMPY.items()}, "bf16": 2, "c64": 8}
SHAPES = {"2d": (3, 5), "0d": (), "3d": (0, 4)}


def check(condition, sentence):
    if not condition:
        print(f"FAILED: {sentence}")
        sys.exit(1)


def pattern(name, size):
    return bytes(1 if name == "bool" else (7 * k + 3) % 256 for k in range(size))


def run(tool, verb, path):
    done = subprocess.run([tool, verb, path], capture_output=True, text=True, check=False)
    check(done.returncode == 0, f"{verb} {path}: {done.stderr.strip()}")
    return done.stdout


def fanin_to_package(tool, path):
    run(tool, "write", path)
    with open(path, "rb") as file:
        found = dict(safetensors.deserialize(file.read()))
    check(len(found) == len(ITEM_BYTES) * len(SHAPES), f"{len(found)} tensors arrive")
    for name, item_bytes in ITEM_BYTES.items():
        for suffix, shape in SHAPES.items():
            tensor = found[f"{name}.{suffix}"]
            expected = pattern(name, item_bytes * int(np.prod(shape, dtype=int)))
            check(tensor["dtype"] == name.upper(), f"{name}: dtype {tensor['dtype']}")
            check(tuple(tensor["shape"]) == shape, f"{name}: shape {tensor['shape']}")
            check(bytes(tensor["data"]) == expected, f"{name}.{suffix}: other bytes")
    with safetensors.safe_open(path, framework="numpy") as file:
        check(file.metadata() == METADATA, f"metadata {file.metadata()}")
        value = file.get_tensor("f32.2d")
    check(value.dtype == np.float32 and value.tobytes() == pattern("f32", 60), "f32.2d as an array")
    if importlib.util.find_spec("torch"):
        import torch
        from safetensors.torch import load_file

        tensors = load_file(path)
        check(tensors["bf16.2d"].dtype == torch.bfloat16, "bf16 in torch")
        raw = tensors["bf16.2d"].view(torch.int16).numpy().tobytes()
        check(raw == pattern("bf16", 30), "bf16.2d in torch has other bytes")


def package_to_fanin(tool, path):
    generator = np.random.default_rng(1)
    arrays = {}
    for name, dtype in NUMPY.items():
        for suffix, shape in SHAPES.items():
            arrays[f"{name}.{suffix}"] = generator.integers(0, 2, shape).astype(dtype)
    arrays["f32.normal"] = generator.standard_normal((17, 3)).astype(np.float32)
    arrays["unicode \u00fc\u4e16 \"q\" \\ \u0001"] = np.arange(4, dtype=np.float32)
    safetensors.numpy.save_file(arrays, path, metadata=METADATA)
    metadata, tensors = {}, {}
    for line in run(tool, "read", path).splitlines():
        kind, name, *rest = line.split(" ")
        name = bytes.fromhex(name).decode()
        if kind == "metadata":
            metadata[name] = bytes.fromhex(rest[0]).decode()
        else:
            tensors[name] = rest
    check(metadata == METADATA, f"metadata {metadata}")
    check(tensors.keys() == arrays.keys(), f"names {sorted(tensors)}")
    for name, array in arrays.items():
        dtype, shape, data = tensors[name]
        kinds = {"b": "BOOL", "u": f"U{8 * array.itemsize}", "i": f"I{8 * array.itemsize}", "f": f"F{8 * array.itemsize}"}
        check(dtype == kinds[array.dtype.kind], f"{name}: dtype {dtype}")
        check(shape == "[" + ",".join(map(str, array.shape)) + "]", f"{name}: shape {shape}")
        check(bytes.fromhex(data) == array.tobytes(), f"{name}: other bytes")


def fanin(program, *arguments, code=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    check(done.returncode == code, f"fanin {' '.join(arguments)}: exit {done.returncode}, {done.stderr.strip()}")
    return done.stdout


RULES = ("--rule", "role=weight -> he_normal", "--rule", "role=bias -> uniform(-0.1, 0.1)")
MODEL = {"0.weight": (300, 200), "0.bias": (300,), "2.weight": (10, 300), "2.bias": (10,)}


def plans(program, directory):
    source = os.path.join(directory, "model.safetensors")
    safetensors.numpy.save_file({name: np.zeros(shape, np.float32) for name, shape in MODEL.items()}, source)
    made = {}
    for dtype in ("f32", "bf16", "f16"):
        path = os.path.join(directory, f"{dtype}.safetensors")
        fanin(program, "init", source, "-o", path, "--seed", "3", "--dtype", dtype, "--quiet", *RULES)
        fanin(program, "verify", path)
        with open(path, "rb") as file:
            made[dtype] = dict(safetensors.deserialize(file.read()))
        check({n: tuple(t["shape"]) for n, t in made[dtype].items()} == MODEL, f"{dtype}: names or shapes")
        check(all(t["dtype"] == dtype.upper() for t in made[dtype].values()), f"{dtype}: types")
        with safetensors.safe_open(path, framework="numpy") as file:
            check("fanin.certificate" in file.metadata(), f"{dtype}: no certificate in {file.metadata()}")
    for name in MODEL:
        exact = np.frombuffer(made["f32"][name]["data"], np.float32)
        half = np.frombuffer(made["f16"][name]["data"], np.float16)
        check(np.array_equal(half, exact.astype(np.float16)), f"{name}: f16 is not the float32 value rounded once")
        if importlib.util.find_spec("torch"):
            import torch

            brain = torch.frombuffer(bytearray(made["bf16"][name]["data"]), dtype=torch.bfloat16)
            check(torch.equal(brain, torch.from_numpy(exact.copy()).bfloat16()), f"{name}: bf16 is not rounded once")
    if importlib.util.find_spec("torch"):
        import torch
        from safetensors.torch import load_file

        network = torch.nn.Sequential(torch.nn.Linear(200, 300), torch.nn.ReLU(), torch.nn.Linear(300, 10))
        network.load_state_dict(load_file(os.path.join(directory, "f32.safetensors")), strict=True)
        check(bool(torch.isfinite(network(torch.ones(2, 200))).all()), "the loaded network")
    # Tensors of another's making, held to a rule that is theirs and to one that is not.
    generator = np.random.default_rng(5)
    foreign = os.path.join(directory, "foreign.safetensors")
    safetensors.numpy.save_file({"0.weight": generator.normal(0, 0.02, (400, 300)).astype(np.float16),
                                 "0.bias": np.zeros(400, np.float16)}, foreign)
    bias = ("--rule", "role=bias -> zeros")
    fanin(program, "verify", foreign, "--rule", "role=weight -> normal(0, 0.02)", *bias)
    found = fanin(program, "verify", foreign, "--rule", "role=weight -> normal(0, 0.021)", *bias, code=1)
    check("0.weight" in found, f"no finding names the tensor: {found}")


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as directory:
        fanin_to_package(sys.argv[1], os.path.join(directory, "from_fanin.safetensors"))
        package_to_fanin(sys.argv[1], os.path.join(directory, "from_package.safetensors"))
        plans(sys.argv[2], directory)
    print(f"fanin and safetensors {safetensors.__version__} read each other's files")


if __name__ == "__main__":
    main()
