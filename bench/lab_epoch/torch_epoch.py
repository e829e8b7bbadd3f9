"""The lab's network in PyTorch. Prints one JSON line: seconds of each epoch, test accuracy.

usage: torch_epoch.py EPOCHS THREADS SEED preloaded|preloaded-fused|dataloader|torchvision [SIZES BATCH]

preloaded: all images are one tensor and each batch is indexed out of it; preloaded-fused: the same with
torch.optim.Adam(fused=True); dataloader: a DataLoader over a TensorDataset; torchvision: a DataLoader over images that torchvision's ToTensor
converts one by one, as its MNIST class does and most scripts have it. With SIZES and BATCH another network
on the test images, as often as needed for few steps.
"""
import json
import pathlib
import sys
import time

import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import mnist  # noqa: E402


class Images(torch.utils.data.Dataset):
    """What torchvision.datasets.MNIST with transform=ToTensor() does for each sample."""

    def __init__(self, x, y):
        import PIL.Image
        import torchvision
        self.image, self.transform = PIL.Image.fromarray, torchvision.transforms.ToTensor()
        self.data, self.targets = (x * 255).round().to(torch.uint8).reshape(-1, 28, 28), y

    def __len__(self):
        return len(self.data)

    def __getitem__(self, i):
        return self.transform(self.image(self.data[i].numpy())), int(self.targets[i])


def main():
    epochs, threads, seed, how = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    sizes = [int(n) for n in (sys.argv[5] if len(sys.argv) > 5 else "784-256-256-10").split("-")]
    batch = int(sys.argv[6]) if len(sys.argv) > 6 else 100
    part = "train" if len(sys.argv) <= 5 else "t10k"
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    x = torch.from_numpy(mnist.images(part))
    y = torch.from_numpy(mnist.labels(part))
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    for layer in net:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    loss_of = torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, **({"fused": True} if how.endswith("fused") else {}))

    def step(inputs, targets):
        adam.zero_grad(set_to_none=True)
        loss_of(net(inputs), targets).backward()
        adam.step()

    samples = torch.utils.data.TensorDataset(x, y) if how != "torchvision" else Images(x, y)
    loader = torch.utils.data.DataLoader(samples, batch_size=batch, shuffle=True, drop_last=True)
    seconds = []
    for _ in range(epochs):
        start = time.perf_counter()
        if how in ("dataloader", "torchvision"):
            for inputs, targets in loader:
                step(inputs.reshape(batch, -1), targets)
        else:
            order = torch.randperm(len(x))
            for i in range(0, len(x) - batch + 1, batch):
                rows = order[i:i + batch]
                step(x[rows], y[rows])
        seconds.append(time.perf_counter() - start)
    with torch.no_grad():
        right = net(torch.from_numpy(mnist.images("t10k"))).argmax(1) == torch.from_numpy(mnist.labels("t10k"))
    print(json.dumps({"seconds": seconds, "test_accuracy": right.double().mean().item(), "version": torch.__version__}))


main()
