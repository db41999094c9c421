"""Prints the table of README.md from the stored results: python3 Reports/table.py [FOLDER ...]"""
import json, pathlib, sys

here = pathlib.Path(__file__).parent
paths = [pathlib.Path(p) for p in sys.argv[1:]] or sorted(here.glob("2026-11-21-detection/fashion-seed-*/result.json"))


def share(value):
    return "-" if value is None else f"{100 * value:.1f} %"


print("| run | recall / precision of removal | attack success: before, plain, AdvCL | clean accuracy: before, plain, AdvCL | PGD-20 robust: before, plain, AdvCL |")
print("|---|---|---|---|---|")
for path in paths:
    result = json.loads(path.read_text())
    truth, metrics = result.get("ground_truth"), result["metrics"]
    encoders = [metrics["before"], metrics["after_plain"], metrics["after"]]
    cell = lambda pick: ", ".join(share(pick(e)) if e else "-" for e in encoders)
    robust = lambda e: e["robust_accuracy"]["value"] if e["robust_accuracy"] else None
    removal = f"{share(truth['recall'])} / {share(truth['precision'])}" if truth and truth["poisons"] else f"{result['counts']['suspects']} removed, `{result['verdict']['value']}`"
    print(f"| {path.parent.name} | {removal} | {cell(lambda e: e['attack_success_rate'])} | {cell(lambda e: e['clean_accuracy'])} | {cell(robust)} |")
