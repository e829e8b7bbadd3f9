"""MNIST for the rivals, from the files that come with the project."""
import gzip
import pathlib

import numpy

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "mnist"


def idx(name):
    with gzip.open(FOLDER / f"{name}.gz") as f:
        data = f.read()
    header = 4 + 4 * data[3]
    shape = [int.from_bytes(data[i:i + 4], "big") for i in range(4, header, 4)]
    return numpy.frombuffer(data, numpy.uint8, offset=header).reshape(shape)


def images(part):
    """[n, 784] float32 in 0..1 of `train` or `t10k`."""
    x = idx(f"{part}-images-idx3-ubyte")
    return x.reshape(len(x), -1).astype(numpy.float32) / 255


def labels(part):
    return idx(f"{part}-labels-idx1-ubyte").astype(numpy.int64)
