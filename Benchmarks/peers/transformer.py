"""A vision transformer of timm with random weights, and its features in double precision: what bezoar's has to agree with.

    python3 transformer.py FOLDER

Writes FOLDER/transformer.safetensors and FOLDER/transformer.json (pixels in 0...1, normalised as (x - 0.5) / 0.25, and features).
`VisionTransformerTests` reads them; those in Tests/NeuralNetworksTests were written so. Needs torch, timm, safetensors.
"""
import json, sys
import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

torch.manual_seed(0)
model = VisionTransformer(img_size=8, patch_size=4, embed_dim=16, depth=2, num_heads=2, num_classes=0).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
save_file(model.state_dict(), sys.argv[1] + "/transformer.safetensors")
pixels = torch.rand(3, 8, 8, 3)
with torch.no_grad():
    features = model.double()(((pixels.double() - 0.5) / 0.25).permute(0, 3, 1, 2))
json.dump({"pixels": pixels.flatten().tolist(), "features": features.flatten().tolist()}, open(sys.argv[1] + "/transformer.json", "w"))
