"""Every objective's loss and its gradient in PyTorch, double precision, on fixed inputs.

    python3 objectives.py >Tests/ContrastiveTests/objectives.json

Each loss is written from its paper with PyTorch's own functions. `ObjectivesTests` compares values and gradients with bezoar's.
Inputs are sines, so that both sides make the same ones. Needs torch.
"""
import json, math
import torch
import torch.nn.functional as F

N, W, Q, T = 6, 5, 14, 0.2


def made(rows, width, seed):
    return torch.tensor(
        [[math.sin(12.9898 * (i * width + j + 1) + 4.1 * seed) for j in range(width)] for i in range(rows)],
        dtype=torch.float64, requires_grad=True)


def unit(x):
    return F.normalize(x, dim=1)


def info_nce(q, k, queue):
    logits = torch.cat([(unit(q) * unit(k).detach()).sum(1, keepdim=True), unit(q) @ queue.T], dim=1) / T
    return F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))


def nt_xent(a, b):
    z = unit(torch.cat([a, b]))
    logits = (z @ z.T / T).masked_fill(torch.eye(2 * N, dtype=torch.bool), -math.inf)
    return F.cross_entropy(logits, torch.arange(2 * N).roll(N))


def moco_v3(q, k):
    return 2 * T * F.cross_entropy(unit(q) @ unit(k).detach().T / T, torch.arange(N))


def byol(q, k):
    return (2 - 2 * F.cosine_similarity(q, k.detach(), dim=1)).mean()


def simsiam(p, z):
    return F.cosine_similarity(p, z.detach(), dim=1).mean()


def barlow(a, b, weight=0.005):
    norm = torch.nn.BatchNorm1d(W, affine=False).double()
    c = norm(a).T @ norm(b) / N
    on = (torch.diagonal(c) - 1).pow(2).sum()
    return on + weight * (c.pow(2).sum() - torch.diagonal(c).pow(2).sum())


def vicreg(a, b):
    def variance(x):
        return F.relu(1 - torch.sqrt(x.var(dim=0) + 1e-4)).mean()

    def covariance(x):
        c = torch.cov(x.T)
        return (c.pow(2).sum() - torch.diagonal(c).pow(2).sum()) / W

    return 25 * F.mse_loss(a, b) + 25 * (variance(a) + variance(b)) / 2 + covariance(a) + covariance(b)


def neighbours(q, t, bank, allowed, k):
    likeness = (unit(t).detach() @ bank.T).masked_fill(~allowed, -math.inf)
    losses = []
    for i in range(len(q)):
        count = min(k, int(allowed[i].sum()))
        nearest = bank[likeness[i].topk(count).indices]
        losses.append((2 - 2 * F.cosine_similarity(q[i:i + 1], nearest, dim=1)).mean())
    return torch.stack(losses).mean()


def pushed(t, bank):
    return torch.cat([unit(t).detach(), bank[:-len(t)]])


def msf(q, t, bank):
    bank = pushed(t, bank)
    return neighbours(q, t, bank, torch.ones(N, Q, dtype=torch.bool), 3)


def cmsf(q, t, bank, now, before):
    bank, past = pushed(t, bank), pushed(now, before)
    likely = (unit(t).detach() @ past.T).topk(5, dim=1).indices
    allowed = torch.zeros(N, Q, dtype=torch.bool).scatter_(1, likely, True) | torch.eye(N, Q, dtype=torch.bool)
    return 0.5 * msf_on(q, t, bank) + 0.5 * neighbours(q, t, bank, allowed, 3)


def msf_on(q, t, bank):
    return neighbours(q, t, bank, torch.ones(N, Q, dtype=torch.bool), 3)


LABELS, BANKED = torch.tensor([0, 1, 0, 2, -1, 1]), torch.tensor([0, 1, 0, 2, -1, 1, 0, 0, 1, 2, -1, -1, 2, 1])


def cmsf_labels(q, t, bank):
    bank = pushed(t, bank)
    allowed = ((LABELS[:, None] == BANKED[None]) & (LABELS[:, None] >= 0)) | torch.eye(N, Q, dtype=torch.bool)
    return neighbours(q, t, bank, allowed, 3)


def isd(q, t, bank):
    teacher = F.log_softmax(unit(t).detach() @ bank.T / T, dim=1)
    return F.kl_div(F.log_softmax(unit(q) @ bank.T / T, dim=1), teacher, reduction="batchmean", log_target=True)


def compress(s, t, anchors, own):
    teacher = F.log_softmax(unit(t).detach() @ anchors.T / T, dim=1)
    return F.kl_div(F.log_softmax(unit(s) @ own.T / T, dim=1), teacher, reduction="batchmean", log_target=True)


def dcl(a, b):
    z = unit(torch.cat([a, b]))
    s = z @ z.T / T
    same = torch.arange(N).repeat(2)
    return (torch.logsumexp(s.masked_fill(same[:, None] == same[None], -math.inf), 1) - s[torch.arange(2 * N), torch.arange(2 * N).roll(N)]).mean()


def debiased(a, b, share=0.1):
    z = unit(torch.cat([a, b]))
    s = torch.exp(z @ z.T / T)
    same = torch.arange(N).repeat(2)
    positive = s[torch.arange(2 * N), torch.arange(2 * N).roll(N)]
    count = 2 * N - 2
    negative = (s * (same[:, None] != same[None])).sum(1)
    corrected = ((-share * count * positive + negative) / (1 - share)).clamp(min=count * math.exp(-1 / T))
    return -torch.log(positive / (positive + corrected)).mean()


def supcon(a, b):
    z = unit(torch.cat([a, b]))
    own = torch.eye(2 * N, dtype=torch.bool)
    log = F.log_softmax((z @ z.T / T).masked_fill(own, -math.inf), dim=1)
    labels, image = LABELS.repeat(2), torch.arange(N).repeat(2)
    positive = (((labels[:, None] == labels[None]) & (labels[:, None] >= 0)) | (image[:, None] == image[None])) & ~own
    return -(log.masked_fill(~positive, 0).sum(1) / positive.sum(1)).mean()


a, b = made(N, W, 1), made(N, W, 2)
bank, now, before = unit(made(Q, W, 3)).detach(), unit(made(N, W, 4)).detach(), unit(made(Q, W, 5)).detach()
cases = {
    "simclr": lambda: nt_xent(a, b), "moco-v2": lambda: info_nce(a, b, bank), "moco-v3": lambda: moco_v3(a, b),
    "byol": lambda: byol(a, b), "simsiam": lambda: simsiam(a, b), "barlow-twins": lambda: barlow(a, b),
    "vicreg": lambda: vicreg(a, b), "msf": lambda: msf(a, b, bank), "cmsf": lambda: cmsf(a, b, bank, now, before),
    "cmsf-labels": lambda: cmsf_labels(a, b, bank), "isd": lambda: isd(a, b, bank), "dcl": lambda: dcl(a, b),
    "debiased": lambda: debiased(a, b), "supcon": lambda: supcon(a, b),
    "compress": lambda: compress(a, b, bank, before), "simreg": lambda: byol(a, b),
    "clusterfit": lambda: F.cross_entropy(a, torch.arange(N) % W),
}
result = {}
for name, loss in cases.items():
    value = loss()
    gradient = torch.autograd.grad(value, a)[0]
    result[name] = {"loss": value.item(), "gradient": gradient.flatten().tolist()}
print(json.dumps(result, indent=1))
