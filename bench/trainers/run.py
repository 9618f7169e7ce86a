"""Trains a large random Llama with trainers/hf in the ways that its README names, and prints rates, memory and checks.

    glore export runs/tiny --format trl-stepwise --out data/steps
    python bench/trainers/run.py --data data/steps/sorm.jsonl

One line for each way. `products` is the share of the device's own rate of bf16 matrix products, measured in the same run, at
6 operations for each weight and token where all weights learn, 4 with a LoRA, and 2 more where activations are computed
again. `loss` is that of the first and of the last ten updates, in nats for a label. Then the checks: what was killed goes on
and ends as what was not, and what was saved is what was trained.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

ROOT = Path(__file__).resolve().parents[2]
HF = ROOT / "trainers" / "hf"
sys.path.insert(0, str(HF))
import train  # noqa: E402
from doubt import values_of  # noqa: E402

SIZES = {
    # Hidden size, layers, intermediate size, heads, those of keys and values.
    "tiny": (64, 2, 128, 4, 2),
    "1B": (2048, 16, 8192, 32, 8),
    "3B": (3072, 28, 8192, 24, 8),
}
GPU = torch.cuda.is_available()


@dataclass
class Way:
    arguments: list[str]
    operations: int  # for each weight and token
    launcher: list[str] | None = None


def ways_of(processes: int) -> dict[str, Way]:
    # A checkpoint of all weights and what the optimiser knows is large: one at the end is enough.
    full = ["--lora-rank", "0", "--rate", "1e-5", "--save-every", "1000000"]
    launch = ["-m", "accelerate.commands.launch", "--num_processes", str(processes)]
    fsdp = [*launch, "--config_file", str(HF / "fsdp.yaml")]
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
    ways = {
        "lora": Way([], 4),
        "lora-torchrun": Way([], 4, torchrun),
        "lora-recomputed": Way(["--gradient-checkpointing"], 6),
        "full": Way(full, 6),
    }
    # On a CPU accelerate starts one process, and shards nothing.
    return ways | {"full-fsdp": Way(full, 6, fsdp)} if GPU else ways


def make_base(folder: Path, size: str) -> int:
    """A random model with the tokenizer of glore's base; returns its number of weights."""
    source = ROOT / "checkpoints" / "base"
    hidden, layers, intermediate, heads, kv = SIZES[size]
    config = LlamaConfig(
        vocab_size=len(AutoTokenizer.from_pretrained(source)), hidden_size=hidden, num_hidden_layers=layers,
        intermediate_size=intermediate, num_attention_heads=heads, num_key_value_heads=kv, max_position_embeddings=2048,
        bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    torch.manual_seed(1)
    with torch.device("cuda" if GPU else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16 if GPU else torch.float32)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(source / name, folder / name)
    return sum(weights.numel() for weights in model.parameters())


def product_rate() -> float:
    """Operations in a second of the product of two matrices of 8192 x 8192 in bf16 (1024, float32 on a CPU)."""
    n, kind = (8192, torch.bfloat16) if GPU else (1024, torch.float32)
    a, b = (torch.randn(n, n, device="cuda" if GPU else "cpu", dtype=kind) for _ in range(2))
    for _ in range(3):
        a @ b
    if GPU:
        torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(20):
        a @ b
    if GPU:
        torch.cuda.synchronize()
    return 20 * 2 * n**3 / (time.perf_counter() - begun)


class Memory(threading.Thread):
    """The most memory in use on the first device while it runs, in GiB."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.ended = 0.0, threading.Event()

    def run(self):
        while GPU and not self.ended.wait(0.2):
            command = ["nvidia-smi", "-i", "0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
            self.most = max(self.most, float(subprocess.check_output(command, text=True)) / 1024)


def command_of(way: Way, args: argparse.Namespace, folder: Path, out: Path) -> list[str]:
    start = [sys.executable, *(way.launcher or []), str(HF / "train.py"), "--role", "sorm"]
    given = ["--model", folder / "base", "--data", folder / "data.jsonl", "--out", out, "--batch", args.batch]
    return [*start, *map(str, given), "--save-every", str(args.save_every), *way.arguments]


def run_way(command: list[str], log: Path) -> tuple[str, float]:
    """What it printed, and the most memory that it used."""
    memory = Memory()
    memory.start()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    memory.ended.set()
    memory.join()
    log.write_text(done.stdout)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}\nerror: exit status {done.returncode}")
    return done.stdout, memory.most


def kill_after_a_checkpoint(command: list[str], out: Path) -> str:
    """Kills the training once it has a whole checkpoint; returns the name of that."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not (states := list((out / "checkpoints").glob("*/trainer_state.json"))):
        if process.poll() is not None:
            sys.exit(f"error: {' '.join(command)} ended before it could be killed")
        time.sleep(0.05)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return states[0].parent.name


def values(model: Path, examples: list[train.Example], codec: train.Codec) -> torch.Tensor:
    """Of all labels, those of the first example first."""
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).to("cuda" if GPU else "cpu")
    found = sorted(values_of(loaded, codec, examples, len(examples)))
    return torch.tensor([value for _, row in found for value in row])


def largest_difference(one: Path, other: Path) -> float:
    """Over all tensors of two files, as a part of the largest weight."""
    a, b = load_file(one), load_file(other)
    return max(((a[name].float() - b[name].float()).abs().max() / a[name].float().abs().max()).item() for name in a)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, help="sorm.jsonl, exported as trl-stepwise")
    parser.add_argument("--size", choices=SIZES, default="1B")
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--save-every", type=int, default=30)
    parser.add_argument("--processes", type=int, default=max(1, torch.cuda.device_count()), help="of torchrun and FSDP")
    parser.add_argument("--ways", nargs="+", help="only these; the check of what was killed needs lora")
    parser.add_argument("--logs", type=Path, default=Path("runs/bench-trainers"), help="folder for what they print")
    args = parser.parse_args()
    ways = ways_of(args.processes)
    if unknown := set(args.ways or []) - set(ways):
        parser.error(f"--ways: expected some of {', '.join(ways)}, found {', '.join(sorted(unknown))}")
    ways = {name: way for name, way in ways.items() if name in (args.ways or ways)}
    args.logs.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp())
    try:
        lines = args.data.read_text(encoding="utf-8").splitlines()[: args.examples]
        (folder / "data.jsonl").write_text("\n".join(lines), encoding="utf-8")
        weights = make_base(folder / "base", args.size)
        peak = product_rate()
        device = torch.cuda.get_device_name() if GPU else "CPU"
        print(f"{device}, {peak / 1e12:.1f} TFLOP/s; torch {torch.__version__}; {weights / 1e9:.2f}B weights")
        print(f"{'':16}{'tokens/s':>10}{'products':>10}{'GiB':>7}{'loss':>18}", flush=True)
        for name, way in ways.items():
            out = folder / name
            text, most = run_way(command_of(way, args, folder, out), args.logs / f"{name}.log")
            mask = json.loads((out / "training.mask.json").read_text())
            rate = float(re.findall(r"'train_samples_per_second': '?([\d.]+)", text)[-1]) * mask["tokens"] / mask["examples"]
            losses = re.findall(r"'loss': '?([\d.e-]+)", text) or ["-"]
            share = rate * way.operations * weights / peak / (args.processes if way.launcher and GPU else 1)
            print(f"{name:16}{rate:10.0f}{share:10.0%}{most:7.1f}{losses[0]:>9}{losses[-1]:>9}", flush=True)
            if name != "lora":
                # Those of all weights soon fill a disk.
                shutil.rmtree(out / "checkpoints")
        check(args, folder, ways)
    finally:
        shutil.rmtree(folder)


def check(args: argparse.Namespace, folder: Path, ways: dict[str, Way]) -> None:
    if "lora" in ways:
        killed = folder / "killed"
        command = command_of(ways["lora"], args, folder, killed)
        state = kill_after_a_checkpoint(command, killed)
        run_way(command, args.logs / "killed.log")
        weights = [out / "adapter" / "adapter_model.safetensors" for out in (folder / "lora", killed)]
        difference = largest_difference(*weights)
        print(f"killed after {state} and gone on: weights differ by at most {difference:.1e} of the largest", flush=True)

    codec = train.Codec(AutoTokenizer.from_pretrained(folder / "base"))
    rows = train.read_rows([folder / "data.jsonl"], train.STEPWISE)[:32]
    examples = [codec.reward(row) for row in rows]
    labels = torch.tensor([label for row in rows for label in row["labels"]])
    for name in ("base", *ways):
        model = folder / name if name == "base" else folder / name / "model"
        judged = ((values(model, examples, codec) > 0.5) == labels).float().mean().item()
        print(f"{name}: as it was saved, it judges {judged:.0%} of {len(labels)} labels it has seen as they are")


if __name__ == "__main__":
    main()
