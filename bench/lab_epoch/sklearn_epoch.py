"""The lab's network in scikit-learn. Prints one JSON line: seconds of each epoch, test accuracy.

usage: sklearn_epoch.py EPOCHS THREADS SEED

MLPClassifier with float32 inputs, Adam and no L2 term. fit() with warm_start and max_iter=1 is one epoch of its own loop,
which is faster than partial_fit() batch by batch. Its BLAS takes its thread count from the environment.
"""
import json
import os
import pathlib
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = sys.argv[2]

import sklearn  # noqa: E402
from sklearn.neural_network import MLPClassifier  # noqa: E402

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import mnist  # noqa: E402

warnings.filterwarnings("ignore")
net = MLPClassifier((256, 256), activation="relu", solver="adam", alpha=0, batch_size=100, learning_rate_init=1e-3,
                    max_iter=1, warm_start=True, random_state=int(sys.argv[3]))
x, y = mnist.images("train"), mnist.labels("train")
seconds = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    net.fit(x, y)
    seconds.append(time.perf_counter() - start)
accuracy = net.score(mnist.images("t10k"), mnist.labels("t10k"))
print(json.dumps({"seconds": seconds, "test_accuracy": accuracy, "version": sklearn.__version__}))
