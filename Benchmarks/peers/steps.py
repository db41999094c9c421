"""Times one case of Benchmarks/compare.py in PyTorch (k-means in faiss): the same shapes, 2 threads.

    python3 steps.py train-w16|embed-r18|advcl-w32|k-means [last|first|folded] [cpu|cuda] [float32|tf32|bfloat16]

The layout is channels last, channels first, or (embedding) a frozen TorchScript graph with batch norm
folded by optimize_for_inference. With a device the network is compiled, and bfloat16 is by autocast.

Prints {"rate": ...} in images a second, or clusterings a second. Warm-up calls come first.
"""
import json
import sys
import time

import numpy as np

case, layout = sys.argv[1], (sys.argv + ["last"])[2]
device, precision = sys.argv[3:5] if len(sys.argv) > 4 else ("cpu", "float32")
is_compiled = len(sys.argv) > 4
kind, name = case.split("-", 1)


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def median(runs, body):
    for _ in range(10 if device == "cuda" else 2):
        body()
    wait()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        body()
        wait()
        times.append(time.perf_counter() - start)
    return sorted(times)[runs // 2]


if kind == "k":
    import faiss

    faiss.omp_set_num_threads(2)
    random = np.random.default_rng(0)
    centres = random.standard_normal((1000, 128)).astype("f")
    rows = centres[random.integers(0, 1000, 100_000)] + 0.7 * random.standard_normal((100_000, 128)).astype("f")
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)

    def cluster():
        global found
        found = faiss.Kmeans(128, 1000, niter=20, spherical=True, seed=1, max_points_per_centroid=10**6)
        found.train(rows)

    seconds = median(3, cluster)
    print(json.dumps({"rate": 1 / seconds, "objective": float(found.index.search(rows, 1)[0].mean())}))
    sys.exit()

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(2)
torch.set_default_device(device)
torch.set_float32_matmul_precision("highest" if precision == "float32" else "high")
torch.backends.cudnn.allow_tf32 = precision != "float32"
torch.backends.cudnn.benchmark = True
rounded = torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")
NETWORKS = {
    "w16": (16, [1, 1, 1], 256), "w32": (32, [1, 1, 1], 256), "r20": (16, [3, 3, 3], 256),
    "r18": (64, [2, 2, 2, 2], 64), "r18-224": (64, [2, 2, 2, 2], 32),
    "b512": (64, [2, 2, 2, 2], 512), "vit": (192, [4], 256),
}
width, blocks, batch = NETWORKS[name]
side = 224 if name == "r18-224" else 32


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.conv2, self.norm2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.short = nn.Identity()
        if stride != 1 or i != o:
            self.short = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        return torch.relu(self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x))))) + self.short(x))


def encoder():
    if name == "vit":
        from timm.models.vision_transformer import VisionTransformer
        return VisionTransformer(img_size=side, patch_size=4, embed_dim=width, depth=blocks[0], num_heads=3, num_classes=0), width
    stem = [nn.Conv2d(3, width, 7, 2, 3, bias=False)] if side == 224 else [nn.Conv2d(3, width, 3, 1, 1, bias=False)]
    layers = stem + [nn.BatchNorm2d(width), nn.ReLU()]
    if side == 224:
        layers.append(nn.MaxPool2d(3, 2, 1))
    channels = width
    for stage, count in enumerate(blocks):
        for i in range(count):
            layers.append(Block(channels, width << stage, 2 if i == 0 and stage > 0 else 1))
            channels = width << stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), channels


def contrast(views, temperature):
    z = F.normalize(views, dim=1)
    similarity = (z @ z.T / temperature).fill_diagonal_(-1e9)
    return F.cross_entropy(similarity, torch.arange(len(z)).roll(len(z) // 2))


form = torch.channels_last if layout != "first" else torch.contiguous_format
x = torch.rand(batch, 3, side, side).contiguous(memory_format=form)
net, features = encoder()


def compiled(module):
    return torch.compile(module) if is_compiled else module


if kind == "train":
    head = nn.Sequential(nn.Linear(features, features), nn.BatchNorm1d(features), nn.ReLU(), nn.Linear(features, 128))
    net = nn.Sequential(net, head).to(memory_format=form)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, weight_decay=1e-4)
    run = compiled(net)

    def step():
        optimizer.zero_grad()
        with rounded:
            views = run(x)
        contrast(views.float(), 1.0).backward()
        optimizer.step()

    seconds = median(5, step)
elif kind == "embed":
    net = net.to(memory_format=form).eval()
    with torch.inference_mode(), rounded:
        if layout == "folded":
            net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
        run = compiled(net)
        seconds = median(5, lambda: run(x))
elif kind == "advcl":
    # As published: every one of five inner steps embeds all views again, with all gradients.
    batch, sizes = 128, [2, 10, 50, 100, 500]

    class Branched(nn.Module):
        def __init__(self, norm):
            super().__init__()
            self.branches = nn.ModuleList(nn.BatchNorm2d(norm.num_features) for _ in range(3))

        def forward(self, x):
            return self.branches[Branched.now](x)

    def branch(module):
        for key, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, key, Branched(child))
            else:
                branch(child)

    branch(net)
    net = net.to(memory_format=form)
    head = nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, 128))
    labels = nn.ModuleList(nn.Linear(features, k) for k in sizes)
    parameters = [*net.parameters(), *head.parameters(), *labels.parameters()]
    optimizer = torch.optim.SGD(parameters, 0.01, momentum=0.9, weight_decay=1e-4)
    x, first, second = (x[:batch], torch.rand_like(x[:batch]), torch.rand_like(x[:batch]))
    truths = [torch.randint(k, (batch,)) for k in sizes]
    radius = torch.arange(32).sub(16).pow(2)
    keep = ((radius[:, None] + radius[None, :]) >= 64).float()

    run = compiled(net)

    def features_of(x, own):
        Branched.now = own
        with rounded:
            return run(x).float()

    def objective(attacked, labelled, high):
        z = [head(features_of(v, own)) for v, own in ((attacked, 1), (first, 0), (second, 0), (high, 0))]
        z = F.normalize(torch.cat(z), dim=1)
        similarity = (z @ z.T / 0.5).fill_diagonal_(-1e9)
        logp = similarity - similarity.logsumexp(1, keepdim=True)
        same = torch.eye(batch).repeat(4, 4) - torch.eye(4 * batch)
        found = features_of(labelled, 2)
        extra = sum(F.cross_entropy(layer(found), truth) for layer, truth in zip(labels, truths))
        return -(same * logp).sum(1).div(3).mean() + 0.2 * extra / len(sizes)

    def step(size=2 / 255, epsilon=8 / 255):
        spectrum = torch.fft.fftshift(torch.fft.fft2(x), dim=(-2, -1)) * keep
        high = torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(-2, -1))).real
        a, b = (x + torch.empty_like(x).uniform_(-epsilon, epsilon) for _ in range(2))
        for _ in range(5):
            a, b = a.detach().requires_grad_(), b.detach().requires_grad_()
            da, db = torch.autograd.grad(objective(a, b, high), [a, b])
            a = (x + (a + size * da.sign() - x).clamp(-epsilon, epsilon)).clamp(0, 1)
            b = (x + (b + size * db.sign() - x).clamp(-epsilon, epsilon)).clamp(0, 1)
        optimizer.zero_grad()
        objective(a.detach(), b.detach(), high).backward()
        optimizer.step()

    seconds = median(3, step)
else:
    raise SystemExit(f"unknown case {case}")
print(json.dumps({"rate": batch / seconds}))
