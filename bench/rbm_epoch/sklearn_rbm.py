"""BernoulliRBM of scikit-learn with 500 units. Prints one JSON line: seconds of each epoch, reconstruction error.

usage: sklearn_rbm.py EPOCHS THREADS SEED

It trains by persistent contrastive divergence, whose step has the same products as CD-1. The time is that of fit() with
n_iter=1 on float32 images, one machine after the other: it cannot go on where it stopped, and the error is after one
epoch.
"""
import json
import os
import pathlib
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[2]

import sklearn  # noqa: E402
from sklearn.neural_network import BernoulliRBM  # noqa: E402

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import mnist  # noqa: E402

x = mnist.images("train")
seconds = []
for e in range(int(sys.argv[1])):
    rbm = BernoulliRBM(500, learning_rate=0.05, batch_size=100, n_iter=1, random_state=int(sys.argv[3]))
    start = time.perf_counter()
    rbm.fit(x)
    seconds.append(time.perf_counter() - start)


def sigmoid(z):
    import numpy
    return 1 / (1 + numpy.exp(-z))


v = mnist.images("t10k")
h = sigmoid(v @ rbm.components_.T + rbm.intercept_hidden_)
back = sigmoid(h @ rbm.components_ + rbm.intercept_visible_)
print(json.dumps({"seconds": seconds, "reconstruction_error": float(((v - back) ** 2).mean()),
                  "version": sklearn.__version__}))
