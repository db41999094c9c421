"""Trains every objective in PyTorch and with bezoar, on the same images with the same recipe, and judges both encoders alike.

    python3 train_objectives.py BEZOAR IMAGES.tar [--images 5000] [--test 2000] [--epochs 20] [--width 16] [--seeds 3]
        [--objectives a,b,c] [--out FILE.json] [--threads 2] [--only torch|bezoar]

IMAGES.tar holds square images of one size as CLASS/NAME.jpg, in any folder; test images are those of the test.tar beside it, or else
further ones of the same file. bezoar gets the training images as PNG. Its weights are loaded into the network that PyTorch trains, and
both go through the same k-NN: cosine, 20 neighbours, weights exp(similarity / 0.1), test images against training images.

Losses are those of objectives.py, recipes those of Sources/Contrastive/Objectives. No recipe blurs views of this size, so neither does
this. Seconds are those of the training in PyTorch, and of the whole command of bezoar. With --out every row is kept, and what is there
is not run again. Needs torch, numpy, pillow and safetensors.
"""
import argparse, copy, io, json, math, os, subprocess, sys, tarfile, tempfile, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

BATCH, WARM_UP, MOMENTUM, DECAY, HIDDEN, OUT, BANK = 256, 2, 0.9, 1e-4, 256, 64, 4096


# Networks, with torchvision's names.

def norm_pair(i, o, kernel, stride):
    conv = nn.Conv2d(i, o, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv, nn.BatchNorm2d(o)


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.bn1 = norm_pair(i, o, 3, stride)
        self.conv2, self.bn2 = norm_pair(o, o, 3, 1)
        self.downsample = nn.Sequential(*norm_pair(i, o, 1, stride)) if stride > 1 or i != o else nn.Identity()

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class Encoder(nn.Module):
    """Pixels in 0...1 to features."""

    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = norm_pair(3, width, 3, 2)
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(Block(i * width, o * width, stride)) for i, o, stride in ((1, 1, 1), (1, 2, 2), (2, 4, 2)))

    def forward(self, x):
        x = ((x - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)
        return self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x)))))).mean((2, 3))


def perceptron(widths, plain=False):
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU()]
    return nn.Sequential(*layers[:-2], *([nn.BatchNorm1d(widths[-1], affine=False)] if plain else []))


# Losses.

def unit(x):
    return F.normalize(x, dim=1)


def pairs(z, t):
    """Similarities of 2N views, first views before second ones; the image of each, and where its other view is."""
    n = len(z) // 2
    return unit(z) @ unit(z).T / t, torch.arange(n).repeat(2), torch.arange(2 * n).roll(n)


def simclr(z, t, labels):
    s, _, other = pairs(z, t)
    return F.cross_entropy(s.masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf), other)


def dcl(z, t, labels):
    s, image, other = pairs(z, t)
    positive = s.gather(1, other[:, None])[:, 0]
    return (torch.logsumexp(s.masked_fill(image[:, None] == image, -math.inf), 1) - positive).mean()


def debiased(z, t, labels, share=0.1):
    s, image, other = pairs(z, t)
    s, count = torch.exp(s), len(z) - 2
    positive, negative = s.gather(1, other[:, None])[:, 0], (s * (image[:, None] != image)).sum(1)
    corrected = ((negative - share * count * positive) / (1 - share)).clamp(min=count * math.exp(-1 / t))
    return -torch.log(positive / (positive + corrected)).mean()


def supcon(z, t, labels):
    s, own, labels = pairs(z, t)[0], torch.eye(len(z), dtype=torch.bool), labels.repeat(2)
    positive = (labels[:, None] == labels) & ~own
    log = F.log_softmax(s.masked_fill(own, -math.inf), dim=1)
    return -(log.masked_fill(~positive, 0).sum(1) / positive.sum(1)).mean()


def barlow(a, b, weight=0.005):
    norm = lambda x: F.batch_norm(x, None, None, training=True)
    c = norm(a).T @ norm(b) / len(a)
    own = torch.diagonal(c)
    return (own - 1).pow(2).sum() + weight * (c.pow(2).sum() - own.pow(2).sum())


def vicreg(a, b):
    def variance(x):
        return F.relu(1 - torch.sqrt(x.var(dim=0) + 1e-4)).mean()

    def covariance(x):
        c = torch.cov(x.T)
        return (c.pow(2).sum() - torch.diagonal(c).pow(2).sum()) / len(c)

    return 25 * F.mse_loss(a, b) + 25 * (variance(a) + variance(b)) / 2 + covariance(a) + covariance(b)


def moco_v3(q, k, t):
    return 2 * t * F.cross_entropy(unit(q) @ unit(k).T / t, torch.arange(len(q)))


def byol(q, k, t):
    return (2 - 2 * F.cosine_similarity(q, k, dim=1)).mean()


def simsiam(p, z, t):
    return -0.5 * F.cosine_similarity(p, z, dim=1).mean()


def absence(bank):
    """Added to similarities with a bank, so that rows that were never written count for nothing."""
    return torch.where(bank.pow(2).sum(1) > 0.5, 0.0, -1e9)


def moco_v2(q, k, bank, t):
    negatives = unit(q) @ bank.rows.T + absence(bank.rows)
    logits = torch.cat([(unit(q) * unit(k)).sum(1, keepdim=True), negatives], dim=1) / t
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def isd(q, k, bank, t):
    teacher, student = (F.log_softmax(unit(x) @ bank.rows.T / t + absence(bank.rows), dim=1) for x in (k, q))
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True)


def neighbours(q, k, rows, allowed, count):
    likeness, nearest = (unit(k) @ rows.T + allowed).topk(count, dim=1)
    near = (likeness > -10).to(q.dtype)
    distance = (2 - 2 * unit(q) @ rows.T).gather(1, nearest)
    return ((distance * near).sum(1) / near.sum(1)).mean()


def msf(q, k, bank, t, count=5):
    return neighbours(q, k, bank.pushed, absence(bank.pushed), count)


def cmsf(q, k, bank, t, count=5, candidates=10):
    any_row, past = absence(bank.pushed), bank.pushed_before
    likeness, likely = (unit(k) @ past.T + absence(past)).topk(candidates, dim=1)
    itself = torch.eye(len(q), len(past), dtype=q.dtype)
    related = itself.scatter(1, likely, (likeness > -10).to(q.dtype)).maximum(itself)
    return 0.5 * (neighbours(q, k, bank.pushed, any_row, count) +
                  neighbours(q, k, bank.pushed, any_row + (related - 1) * 1e9, count))


class Bank:
    """Targets of past steps, newest first, and what the same images' targets were in the epoch before theirs."""

    def __init__(self, width):
        self.rows, self.before = torch.zeros(BANK, width), torch.zeros(BANK, width)

    def push(self, rows, before):
        """Losses see the bank with and without the new rows; the next push keeps them."""
        self.pushed, self.pushed_before = (
            torch.cat([new, old[:-len(new)]]) for new, old in ((rows, self.rows), (before, self.before)))

    def keep(self):
        self.rows, self.before = self.pushed, self.pushed_before


# Recipes: how views pass and the loss of that, then what differs from DEFAULT. Both views of a batch pass together, or apart; crossed
# compares predictions of each with targets of the other, and banked those of the first with the second's target and a bank.
DEFAULT = dict(t=1, rate=1, crop=0.2, second={}, target=None, rises=False, keeps_rate=False,
               head=lambda f: [f, HIDDEN, OUT], plain=False, predictor=lambda w: None)
WIDE = dict(head=lambda f: [f, HIDDEN, HIDDEN, HIDDEN])
FOLLOWED = dict(target=0.99, rises=True, predictor=lambda w: [w, HIDDEN, w])
SHIFT = dict(rate=0.05, target=0.99, head=lambda f: [f, 2 * f, max(8, f // 4)], predictor=lambda w: [w, 8 * w, w],
             second=dict(jitter=0, grey=0))
RECIPES = {
    "simclr": ("together", simclr, dict(crop=0.08)),
    "moco-v2": ("banked", moco_v2, dict(t=0.2, rate=0.12, target=0.99)),
    "moco-v3": ("crossed", moco_v3, dict(t=0.2, rate=0.3, plain=True, **FOLLOWED)),
    "byol": ("crossed", byol, dict(rate=0.3, second=dict(solarize=0.2), **FOLLOWED)),
    "simsiam": ("crossed", simsiam, dict(rate=0.05, plain=True, keeps_rate=True, predictor=lambda w: [w, w // 4, w], **WIDE)),
    "barlow-twins": ("apart", barlow, dict(rate=0.05, **WIDE)),
    "vicreg": ("apart", vicreg, dict(rate=0.05, **WIDE)),
    "msf": ("banked", msf, SHIFT),
    "cmsf": ("banked", cmsf, SHIFT),
    "isd": ("banked", isd, dict(t=0.02, rate=0.05, target=0.99, head=lambda f: [f], predictor=lambda w: [w, w, w])),
    "dcl": ("together", dcl, dict(t=0.2, rate=0.3)),
    "debiased": ("together", debiased, dict(t=0.5, rate=0.3)),
    "supcon": ("together", supcon, dict(t=0.1, rate=0.3)),
}


# Views, as Augmentation.swift draws them.

LUMINANCE = torch.tensor([0.299, 0.587, 0.114])
# Hue turns the chroma of YIQ: these, the second times the cosine and the third times the sine.
HUE = torch.tensor([
    [[0.299, 0.587, 0.114], [0.299, 0.587, 0.114], [0.299, 0.587, 0.114]],
    [[0.701, -0.587, -0.114], [-0.299, 0.413, -0.114], [-0.300, -0.588, 0.886]],
    [[0.168, 0.330, -0.497], [-0.328, 0.035, 0.292], [1.250, -1.050, -0.203]]])


def colour_map(linear, shift=None):
    """[N, 4, 4]: v -> linear v + shift, of [N, 3, 3] and the same [N] for all three colours."""
    matrix = torch.eye(4).repeat(len(linear), 1, 1)
    matrix[:, :3, :3] = linear
    if shift is not None:
        matrix[:, :3, 3] = shift[:, None]
    return matrix


def saturated(factor):
    return colour_map(torch.eye(3) * factor[:, None, None] + LUMINANCE * (1 - factor[:, None, None]))


def view(pixels, crop, jitter=0.8, grey=0.2, solarize=0):
    """One view of each image, [N, 3, side, side] in 0...1."""
    n = len(pixels)
    draw = lambda low=0.0, high=1.0: low + (high - low) * torch.rand(n)
    area, ratio = draw(crop), torch.exp(draw(math.log(3 / 4), math.log(4 / 3)))
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x, y = draw() * (1 - width), draw() * (1 - height)
    place = torch.zeros(n, 2, 3)
    place[:, 0, 0], place[:, 0, 2] = torch.where(draw() < 0.5, -width, width), 2 * x + width - 1
    place[:, 1, 1], place[:, 1, 2] = height, 2 * y + height - 1
    grid = F.affine_grid(place, list(pixels.shape), align_corners=False)
    result = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)

    mean = torch.cat([result.mean((2, 3)), torch.ones(n, 1)], dim=1)[:, :, None]
    scaled = lambda factor, centre: colour_map(torch.eye(3) * factor[:, None, None], centre * (1 - factor))
    brightness, contrast, saturation = (draw(0.6, 1.4) for _ in range(3))
    turn = 2 * math.pi * draw(-0.1, 0.1)[:, None, None]
    brightened, tinted = scaled(brightness, 0 * brightness), saturated(saturation)
    turned = colour_map(HUE[0] + HUE[1] * turn.cos() + HUE[2] * turn.sin())
    colours, order = torch.eye(4).repeat(n, 1, 1), torch.rand(n, 4).argsort(1)
    for kinds in order.T:
        contrasted = scaled(contrast, (colours @ mean)[:, :3, 0] @ LUMINANCE)
        colours = torch.stack([brightened, contrasted, tinted, turned])[kinds, torch.arange(n)] @ colours
    colours = torch.where((draw() < jitter)[:, None, None], colours, torch.eye(4))
    colours = torch.where((draw() < grey)[:, None, None], saturated(torch.zeros(n)) @ colours, colours)
    result = torch.baddbmm(colours[:, :3, 3:], colours[:, :3, :3], result.flatten(2)).clamp(0, 1).view_as(result)
    return torch.where((draw() < solarize)[:, None, None, None], torch.minimum(result, 1 - result), result)


# Training and judging.

def train(name, images, labels, width, epochs, seed):
    """An encoder, and the mean loss of its last epoch."""
    torch.manual_seed(seed)
    passes, loss_of, own = RECIPES[name]
    recipe = argparse.Namespace(**{**DEFAULT, **own})
    encoder, widths = Encoder(width).to(memory_format=torch.channels_last), recipe.head(4 * width)
    online = nn.Sequential(encoder, perceptron(widths, recipe.plain) if len(widths) > 1 else nn.Identity())
    predictor = recipe.predictor(widths[-1])
    predictor = perceptron(predictor) if predictor else nn.Identity()
    target = copy.deepcopy(online) if recipe.target else None
    bank, seen = Bank(widths[-1]), torch.zeros(len(images), widths[-1])
    batch = min(BATCH, len(images))
    steps = len(images) // batch

    groups = [{"params": [p for p in module.parameters() if (p.ndim > 1) == decays], "weight_decay": DECAY * decays,
               "fixed": recipe.keeps_rate and module is predictor} for module in (online, predictor) for decays in (True, False)]
    optimizer = torch.optim.SGD([g for g in groups if g["params"]], lr=recipe.rate, momentum=MOMENTUM)

    def aim(x, projections):
        with torch.no_grad():
            return target(x) if target else projections.detach()

    for step in range(steps * epochs):
        if step % steps == 0:
            order, losses = torch.randperm(len(images)), []
        chosen = order[step % steps * batch:][:batch]
        pixels = images[chosen].float() / 255
        a, b = view(pixels, recipe.crop), view(pixels, recipe.crop, **recipe.second)
        if passes == "together":
            loss = loss_of(online(torch.cat([a, b])), recipe.t, labels[chosen])
        elif passes == "apart":
            loss = loss_of(online(a), online(b))
        elif passes == "crossed":
            za, zb = online(a), online(b)
            loss = loss_of(predictor(za), aim(b, zb), recipe.t) + loss_of(predictor(zb), aim(a, za), recipe.t)
        else:
            k = aim(b, None)
            bank.push(unit(k), seen[chosen])
            loss = loss_of(predictor(online(a)), k, bank, recipe.t)
            bank.keep()
            seen[chosen] = unit(k)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        for group in optimizer.param_groups:
            if not group["fixed"]:
                group["lr"] = recipe.rate * min(1, (step + 1) / (steps * WARM_UP)) * 0.5 * (1 + math.cos(math.pi * step / (steps * epochs)))
        optimizer.zero_grad()
        loss.backward()
        if target:
            # As in bezoar the target follows the weights that this step began with.
            m = 1 - (1 - recipe.target) * (math.cos(math.pi * step / (steps * epochs)) + 1) / 2 if recipe.rises else recipe.target
            with torch.no_grad():
                for old, new in zip(target.parameters(), online.parameters()):
                    old.lerp_(new, 1 - m)
        optimizer.step()
    return encoder, float(np.mean(losses))


def accuracy(encoder, images, labels, test, truth, k=20, t=0.1):
    """Percent of test images whose class is that of most of their neighbours."""
    encoder.eval()
    with torch.no_grad():
        bank, rows = (unit(torch.cat([encoder(x.float() / 255) for x in part.split(500)])) for part in (images, test))
        if not bank.isfinite().all():
            return math.nan
        likeness, nearest = (rows @ bank.T).topk(min(k, len(bank)), dim=1)
        votes = torch.zeros(len(rows), int(labels.max()) + 1).scatter_add_(1, labels[nearest], (likeness / t).exp())
    return 100 * (votes.argmax(1) == truth).float().mean().item()


def read(path, count, skip=0):
    """Images of a tar, as many of each class: bytes [N, 3, side, side] and their classes' names."""
    with tarfile.open(path) as file:
        classes = {}
        for member in file:
            if member.name.lower().endswith((".jpg", ".jpeg", ".png")):
                classes.setdefault(os.path.basename(os.path.dirname(member.name)), []).append(member)
        ranked = sorted((i, name, m) for name, members in classes.items() for i, m in enumerate(sorted(members, key=lambda m: m.name)))
        chosen = ranked[skip:skip + count]
        if len(chosen) < count:
            sys.exit(f"{path} has {len(ranked)} images, {skip + count} are needed")
        arrays = [np.asarray(Image.open(io.BytesIO(file.extractfile(m).read())).convert("RGB")) for _, _, m in chosen]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).contiguous(), [name for _, name, _ in chosen]


def table(rows, names):
    def of(program, name, key):
        return [r[key] for r in rows if (r["program"], r["objective"]) == (program, name)]

    def text(values):
        return f"{np.mean(values):5.1f} ({', '.join(f'{v:.1f}' for v in values)})" if values else "-"

    print(f"{'k-NN, %':14}{'PyTorch':28}{'bezoar':28}{'difference':>10}{'seconds':>16}")
    for name in names:
        torches, bezoars = (of(program, name, "accuracy") for program in ("torch", "bezoar"))
        difference = f"{np.mean(bezoars) - np.mean(torches):+.1f}" if torches and bezoars else "-"
        seconds = " / ".join(f"{np.mean(s):.0f}" if s else "-" for s in (of(p, name, "seconds") for p in ("torch", "bezoar")))
        print(f"{name:14}{text(torches):28}{text(bezoars):28}{difference:>10}{seconds:>16}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bezoar")
    parser.add_argument("tar")
    for name, value in dict(images=5000, test=2000, epochs=20, width=16, seeds=3, threads=2).items():
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--objectives", default=",".join(RECIPES))
    parser.add_argument("--out")
    parser.add_argument("--only", choices=["torch", "bezoar"])
    o = parser.parse_args()
    names = o.objectives.split(",")
    if set(names) - set(RECIPES):
        parser.error(f"no objective {', '.join(sorted(set(names) - set(RECIPES)))}; there are {', '.join(RECIPES)}")
    torch.set_num_threads(o.threads)
    settings = {key: getattr(o, key) for key in ("images", "test", "epochs", "width", "threads")}
    kept = json.load(open(o.out)) if o.out and os.path.exists(o.out) else []

    images, classes = read(o.tar, o.images)
    beside = os.path.join(os.path.dirname(o.tar), "test.tar")
    is_apart = os.path.exists(beside) and not os.path.samefile(beside, o.tar)
    test, truth = read(beside if is_apart else o.tar, o.test, 0 if is_apart else o.images)
    number = {name: i for i, name in enumerate(sorted(set(classes + truth)))}
    labels, truth = (torch.tensor([number[name] for name in own]) for own in (classes, truth))

    def with_torch(name, seed, folder):
        return train(name, images, labels, o.width, o.epochs, seed)

    def with_bezoar(name, seed, folder):
        run = f"{folder}/{name}-{seed}"
        command = [o.bezoar, "train", folder + "/images", "--objective", name, "--seed", str(seed), "--threads", str(o.threads),
                   "--out", run, "--set", f"network.width={o.width}", "--set", f"scan.epochs={o.epochs}", "--progress", "none",
                   "--overwrite"]
        subprocess.run(command + (["--labels", "folders"] if name == "supcon" else []), check=True, stdout=subprocess.DEVNULL)
        encoder = Encoder(o.width)
        encoder.load_state_dict(load_file(run + "/models/scan/model.safetensors"))
        return encoder, None

    programs = {"torch": with_torch, "bezoar": with_bezoar}
    if o.only != "bezoar":
        train("simclr", images[:64], labels[:64], o.width, 1, 0)  # what is loaded late shall not count in the first row
    with tempfile.TemporaryDirectory() as folder:
        if o.only != "torch":
            for i, (image, own) in enumerate(zip(images.permute(0, 2, 3, 1).numpy(), classes)):
                os.makedirs(f"{folder}/images/{own}", exist_ok=True)
                Image.fromarray(image).save(f"{folder}/images/{own}/{i:04}.png")
        for seed in range(o.seeds):
            for name in names:
                for program in [o.only] if o.only else programs:
                    row = {"program": program, "objective": name, "seed": seed, **settings}
                    if any(row.items() <= r.items() for r in kept):
                        continue
                    start = time.perf_counter()
                    encoder, loss = programs[program](name, seed, folder)
                    row.update(seconds=time.perf_counter() - start, loss=loss)
                    row["accuracy"] = accuracy(encoder, images, labels, test, truth)
                    kept.append(row)
                    if o.out:
                        with open(o.out + ".new", "w") as file:
                            json.dump(kept, file, indent=1)
                        os.replace(o.out + ".new", o.out)
                    print(f"{name}, seed {seed}, {program}: {row['accuracy']:.1f} % in {row['seconds']:.1f} s"
                          + ("" if loss is None else f", loss {loss:.4f}"), flush=True)
    table([r for r in kept if settings.items() <= r.items() and r["seed"] < o.seeds], names)


if __name__ == "__main__":
    main()
