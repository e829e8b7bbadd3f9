"""The lab's network in PyTorch, data pre-loaded as tensors. Prints one JSON line: seconds of each epoch, test accuracy.

usage: torch_preloaded.py MNIST_FOLDER EPOCHS THREADS SEED [default|fused]
"""
import gzip
import json
import sys
import time

import numpy
import torch


def idx(folder, name):
    with gzip.open(f"{folder}/{name}.gz") as f:
        data = f.read()
    header = 4 + 4 * data[3]
    shape = [int.from_bytes(data[i:i + 4], "big") for i in range(4, header, 4)]
    return numpy.frombuffer(data, numpy.uint8, offset=header).reshape(shape)


def images(folder, name):
    x = idx(folder, name)
    return torch.from_numpy(x.reshape(len(x), -1).astype(numpy.float32) / 255)


def labels(folder, name):
    return torch.from_numpy(idx(folder, name).astype(numpy.int64))


def main():
    folder, epochs, threads, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    fused = len(sys.argv) > 5 and sys.argv[5] == "fused"
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    x = images(folder, "train-images-idx3-ubyte")
    y = labels(folder, "train-labels-idx1-ubyte")
    net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(),
                              torch.nn.Linear(256, 10))
    for layer in net:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    loss_of = torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, **({"fused": True} if fused else {}))
    batch = 100
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for i in range(0, len(x) - batch + 1, batch):
            rows = order[i:i + batch]
            adam.zero_grad(set_to_none=True)
            loss = loss_of(net(x[rows]), y[rows])
            loss.backward()
            adam.step()
        seconds.append(time.perf_counter() - start)
    with torch.no_grad():
        right = net(images(folder, "t10k-images-idx3-ubyte")).argmax(1) == labels(folder, "t10k-labels-idx1-ubyte")
    print(json.dumps({"seconds": seconds, "test_accuracy": right.double().mean().item(), "version": torch.__version__}))


main()
