"""CD-1 of a 784-500 RBM in PyTorch. Prints one JSON line: seconds of each epoch, reconstruction error.

usage: torch_rbm.py EPOCHS THREADS SEED

No autograd; all images are one tensor; the hidden states are sampled, everything else is probabilities, as in fanin; the
products are addmm with the bias and in-place addmm for the weights.
"""
import json
import pathlib
import sys
import time

import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import mnist  # noqa: E402


@torch.no_grad()
def main():
    epochs, threads, seed = (int(a) for a in sys.argv[1:4])
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    x = torch.from_numpy(mnist.images("train"))
    hidden, batch, rate = 500, 100, 0.05
    w = torch.randn(784, hidden) * 0.01
    b, c = torch.zeros(784), torch.zeros(hidden)
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for i in range(0, len(x), batch):
            v0 = x[order[i:i + batch]]
            p0 = torch.addmm(c, v0, w).sigmoid_()
            h0 = torch.bernoulli(p0)
            v1 = torch.addmm(b, h0, w.t()).sigmoid_()
            p1 = torch.addmm(c, v1, w).sigmoid_()
            w.addmm_(v0.t(), p0, alpha=rate / batch)
            w.addmm_(v1.t(), p1, alpha=-rate / batch)
            b.add_((v0 - v1).sum(0), alpha=rate / batch)
            c.add_((p0 - p1).sum(0), alpha=rate / batch)
        seconds.append(time.perf_counter() - start)
    v = torch.from_numpy(mnist.images("t10k"))
    back = torch.addmm(b, torch.addmm(c, v, w).sigmoid_(), w.t()).sigmoid_()
    print(json.dumps({"seconds": seconds, "reconstruction_error": (v - back).square().mean().item(),
                      "version": torch.__version__}))


main()
