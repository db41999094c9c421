"""Trains the same encoder on the same poisoned images with the PyTorch prototype and with bezoar, and judges both alike.

    python3 compare_training.py PROTOTYPE.py BEZOAR [epochs] [seeds]

The prototype trains and saves its data; bezoar trains on those images written as PNG, with the same recipe; its weights are loaded into
PyTorch and both encoders go through the same probe. Needs torch, scikit-learn, numpy, pillow, safetensors and Debian's dataset-fashion-mnist.
"""
import json, os, re, subprocess, sys, tempfile
import numpy as np, torch, torch.nn as nn
from PIL import Image
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression

prototype, bezoar = sys.argv[1:3]
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 10
seeds = range(int(sys.argv[4]) if len(sys.argv) > 4 else 3)


class BB(nn.Module):  # the prototype's block, so that its pickle opens
    def forward(s, x):
        y = torch.relu(s.b1(s.c1(x)))
        return torch.relu(s.b2(s.c2(y)) + s.sc(x))


class Encoder(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.w = weights

    def unit(self, x, conv, bn, stride=1, pad=1):
        w = self.w
        x = nn.functional.conv2d(x, w[conv + ".weight"], stride=stride, padding=pad)
        return nn.functional.batch_norm(x, w[bn + ".running_mean"], w[bn + ".running_var"], w[bn + ".weight"], w[bn + ".bias"])

    def forward(self, x):
        x = torch.relu(self.unit(x, "conv1", "bn1", 2))
        for stage in (1, 2, 3):
            name, stride = f"layer{stage}.0.", 1 if stage == 1 else 2
            y = torch.relu(self.unit(x, name + "conv1", name + "bn1", stride))
            y = self.unit(y, name + "conv2", name + "bn2")
            if stage > 1:
                x = self.unit(x, name + "downsample.0", name + "downsample.1", stride, 0)
            x = torch.relu(y + x)
        return x


def judge(forward, X, Y, TX, TP, TY):
    def features(x):
        with torch.no_grad():
            z = torch.cat([forward(x[i:i + 500]).mean((2, 3)) for i in range(0, len(x), 500)])
        return nn.functional.normalize(z, dim=1)
    train, test, trig = features(X[:1000]), features(TX), features(TP)
    mean, deviation = train.mean(0), train.std(0) + 1e-6
    model = LogisticRegression(max_iter=300).fit(((train - mean) / deviation).numpy(), Y[:1000].numpy())
    clean, fooled = (model.predict(((f - mean) / deviation).numpy()) for f in (test, trig))
    y = TY.numpy()
    return 100 * (clean == y).mean(), 100 * (fooled == y).mean(), 100 * (fooled[y != 0] == 0).mean()


rows = []
for seed in seeds:
    with tempfile.TemporaryDirectory() as folder:
        args = f"--data fmnist --n 6000 --epochs {epochs} --w 32 --blocks 1,1,1 --stem 2 --psize 10 --rate 1.0 --t 0.2 --minscale 0.15 --search 0 --target 0 --seed {seed} --save {folder}/p.pt"
        subprocess.run([sys.executable, prototype] + args.split(), check=True, stdout=subprocess.DEVNULL, env={**os.environ, "NT": "2"})
        net, XP, X, Y, TX, TY, trig, _ = torch.load(folder + "/p.pt", weights_only=False)
        generator = torch.Generator().manual_seed(seed)
        TP = TX.clone()
        for i in range(len(TP)):
            r, c = (torch.randint(0, 23, (1,), generator=generator).item() for _ in range(2))
            TP[i, :, r:r + 10, c:c + 10] = trig
        os.mkdir(folder + "/images")
        for i, image in enumerate((XP * 255).round().byte().permute(0, 2, 3, 1).numpy()):
            Image.fromarray(image).save(f"{folder}/images/{i:06}.png")
        recipe = {"scan.temperature": 0.2, "scan.learningRate": 0.5, "scan.epochs": epochs, "scan.augmentation.minimumCrop": 0.15,
                  "scan.augmentation.jitter": 1, "scan.augmentation.contrast": 0, "search.budget": 0.001}
        command = [bezoar, "audit", folder + "/images", "--out", folder + "/run", "--retrain", "none", "--image-size", "32", "--seed", str(seed), "--quiet"]
        subprocess.run(command + [w for k, v in recipe.items() for w in ("--set", f"{k}={v}")], stdout=subprocess.DEVNULL)
        ours = Encoder(load_file(folder + "/run/models/scan/model.safetensors"))
        scale = lambda x, m, s: (x - torch.tensor(m)[None, :, None, None]) / s
        rows.append((judge(lambda x: net(scale(x, [.49, .48, .45], .25)), X, Y, TX, TP, TY),
                     judge(lambda x: ours(scale(x, [.5, .5, .5], .25)), X, Y, TX, TP, TY)))
        print(f"seed {seed}: clean / triggered accuracy / attack success: PyTorch %.1f / %.1f / %.1f, bezoar %.1f / %.1f / %.1f" % (*rows[-1][0], *rows[-1][1]), flush=True)
mean = np.array(rows).mean(0)
print("mean: PyTorch %.1f / %.1f / %.1f, bezoar %.1f / %.1f / %.1f" % (*mean[0], *mean[1]))
