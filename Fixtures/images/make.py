"""Makes the image fixtures: python3 make.py (needs Pillow 12, and ImageMagick for interlaced PNG and YCCK).

Every file shows the same 13x9 picture, or its grey version; expected.txt holds the RGB bytes that
Pillow's convert("RGB") gives (top-left 4 pixels of the first row and the last pixel).
"""
import subprocess
from PIL import Image

w, h = 13, 9
rgb = Image.new("RGB", (w, h))
for y in range(h):
    for x in range(w):
        rgb.putpixel((x, y), (x * 255 // (w - 1), y * 255 // (h - 1), (x * y * 255) // ((w - 1) * (h - 1))))
grey = rgb.convert("L")
alpha = Image.new("L", (w, h))
for y in range(h):
    for x in range(w):
        alpha.putpixel((x, y), (x * 37 + y * 11) % 256)
rgba = rgb.copy(); rgba.putalpha(alpha)
la = grey.copy(); la.putalpha(alpha)
palette = rgb.quantize(16)
files = {
    "rgb.png": rgb, "grey.png": grey, "rgba.png": rgba, "grey-alpha.png": la, "palette.png": palette,
    "bits1.png": grey.point(lambda v: 255 if v > 127 else 0).convert("1"),
}
for name, image in files.items():
    image.save(name)
palette.save("palette-transparent.png", transparency=3)
sixteen = Image.new("I;16", (w, h))
for y in range(h):
    for x in range(w):
        sixteen.putpixel((x, y), grey.getpixel((x, y)) * 257)
sixteen.save("grey16.png")
subprocess.run(["convert", "rgb.png", "-strip", "-define", "png:exclude-chunks=date,tEXt", "-interlace", "PNG", "interlaced.png"], check=True)
big = rgb.resize((64, 48), Image.BICUBIC)
big.save("colour.jpg", quality=92)
big.save("progressive.jpg", quality=92, progressive=True)
big.convert("L").save("grey.jpg", quality=92)
big.convert("CMYK").save("cmyk.jpg", quality=92)
# ImageMagick writes CMYK as YCCK (Adobe transform 2).
subprocess.run(["convert", "colour.jpg", "-colorspace", "CMYK", "-strip", "-quality", "92", "ycck.jpg"], check=True)
with open("expected.txt", "w") as out:
    names = list(files) + ["palette-transparent.png", "interlaced.png", "colour.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "ycck.jpg"]
    for name in sorted(names):
        image = Image.open(name).convert("RGB")
        picks = [image.getpixel((x, 0)) for x in range(4)] + [image.getpixel((image.width - 1, image.height - 1))]
        out.write(name + " " + " ".join(str(v) for p in picks for v in p) + "\n")
for size in ((7, 5), (32, 32)):
    values = rgb.resize(size, Image.BILINEAR).tobytes()
    open(f"resized-{size[0]}x{size[1]}.txt", "w").write(" ".join(map(str, values)) + "\n")
