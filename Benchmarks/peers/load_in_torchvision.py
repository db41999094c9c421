"""Loads every model of a run folder into torchvision's ResNet, strictly, and compares its features with those of bezoar.

    python3 load_in_torchvision.py RUNFOLDER [FEATURES.safetensors]

FEATURES holds `pixels`, [N, side * side * 3] in 0...1, and for each model its features of them, [N, D], under its name; the test
`torchvisionLoadsEveryModel` writes it. Without it the models are loaded and run on noise. Needs torch, torchvision and safetensors.
"""
import json, os, sys
import torch
from safetensors.torch import load_file
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet


class Both(nn.Module):
    def forward(self, x):
        return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def load(folder):
    """torchvision's ResNet with the stem, the width, the stages and the pooling that config.json names."""
    config = json.load(open(folder + "/config.json"))
    network = config["network"]
    width, blocks = network["width"], network["blocks"]
    block = {"basic": BasicBlock, "bottleneck": Bottleneck}[network["block"]]
    model = ResNet(block, [1, 1, 1, 1])
    model.inplanes = width
    if network["stem"] == "small":
        model.conv1 = nn.Conv2d(3, width, 3, stride=network["stemStride"], padding=1, bias=False)
        model.maxpool = nn.Identity()
    else:
        model.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    model.bn1 = nn.BatchNorm2d(width)
    for stage in range(4):
        layer = nn.Identity()
        if stage < len(blocks):
            layer = model._make_layer(block, width << stage, blocks[stage], stride=1 if stage == 0 else 2)
        setattr(model, f"layer{stage + 1}", layer)
    model.avgpool = {"average": nn.AdaptiveAvgPool2d(1), "max": nn.AdaptiveMaxPool2d(1), "both": Both()}[network["pooling"]]
    model.fc = nn.Identity()
    model.load_state_dict(load_file(folder + "/model.safetensors"), strict=True)
    mean, deviation = (torch.tensor(config[k]).view(1, 3, 1, 1) for k in ("mean", "deviation"))
    return model.eval(), lambda pixels: (pixels - mean) / deviation, config["side"]


def main():
    run = sys.argv[1]
    given = load_file(sys.argv[2]) if len(sys.argv) > 2 else {}
    names = sorted(os.listdir(run + "/models"))
    furthest = 0
    for name in names:
        model, normalized, side = load(f"{run}/models/{name}")
        pixels = given["pixels"].view(-1, side, side, 3).permute(0, 3, 1, 2) if given else torch.rand(8, 3, side, side)
        with torch.no_grad():
            features = model(normalized(pixels))
        if given:
            error = ((features - given[name]).abs().max() / given[name].abs().max()).item()
            furthest = max(furthest, error)
            print(f"{name}: {features.shape[1]} features of {len(features)} images, at most {error:.1e} of the largest off")
        else:
            print(f"{name}: loaded, {features.shape[1]} features")
    if not names or not furthest < 1e-5:
        sys.exit("no model" if not names else f"features differ by {furthest:.1e} of the largest")


main()
