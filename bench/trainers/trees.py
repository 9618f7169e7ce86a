"""Trains SmolLM2-135M's shape on a critic's rows as trainers/hf does, as trees and in separate rows, in turns.

    taskset -c 0 python bench/trainers/trees.py --data gsm8k/train.jsonl

Weights are random, and words, digits and signs are tokens. Of each problem there are `--samples` solutions, those of other
problems that have 40 to 80 tokens, so that samples share their question and nothing else: real ones may share lines, too. Each
batch is learned in both ways, all samples of a problem in it, at a rate of 0, so that both have the same weights; the first
is not counted. Seconds are the processor's, which other work adds less to than to the clock's (in brackets); tokens/s are
tokens of the sequences for each of the processor's.
"""

import argparse
import json
import random
import re
import statistics
import sys
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "trainers" / "hf"))
import train  # noqa: E402
from batches import Batch, Example, Trees, filled  # noqa: E402

SMOL = LlamaConfig(
    vocab_size=49_152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, max_position_embeddings=8192, tie_word_embeddings=True,
)  # fmt: skip
BOS, TAG, PLUS, MINUS = range(4)


def examples_of(data: Path, problems: int, samples: int) -> list[Example]:
    """Samples of some problems, those of one together; their labels are drawn."""
    chance = random.Random(1)
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    known: dict[str, int] = {}

    def ids(text: str) -> list[int]:
        pieces = re.findall(r"\d|[^\W\d]+|[^\w ]", re.sub("<<.*?>>", "", text))
        return [known.setdefault(piece, len(known) + 4) for piece in pieces]

    examples = []
    others = [row for row in rows if 40 <= len(ids(row["answer"])) <= 80]
    for row in chance.sample(rows, problems):
        start = [BOS, *ids(row["question"] + "\n"), TAG]
        for other in chance.sample(others, samples):
            tokens, targets = list(start), [-1] * len(start)
            for line in other["answer"].split("\n"):
                tokens += [*ids(line if line.startswith("####") else line + "\n"), TAG]
                targets += [-1] * (len(tokens) - len(targets) - 1) + [chance.choice((PLUS, MINUS))]
            examples.append(Example(tokens, targets, row["question"]))
    return examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, help="train.jsonl of GSM8K")
    parser.add_argument("--samples", type=int, default=8, help="of each problem")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--updates", type=int, default=3, help="counted ones")
    parser.add_argument("--lora-rank", type=int, default=0, help="0 trains every weight")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(SMOL)
    if args.lora_rank:
        model = train.with_lora(model, [], args.lora_rank)
    learned = [weights for weights in model.parameters() if weights.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=0.0)
    separate = train.Codec(AutoTokenizer.from_pretrained(ROOT / "checkpoints" / "base")).batch
    ways = {"separate rows": separate, "trees": Trees(separate, model)}

    problems = -(-(args.updates + 1) * args.batch // args.samples)
    examples = examples_of(args.data, problems, args.samples)
    groups = [list(range(at, at + args.samples)) for at in range(0, len(examples), args.samples)]
    order = [examples[at] for at in filled(groups, args.batch)]
    seconds = {way: [] for way in ways}
    clock, computed, losses = ({way: 0.0 for way in ways} for _ in range(3))

    def update(batch: Batch) -> float:
        loss, _ = train.loss_of(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    read = 0
    for at in range(args.updates + 1):
        chosen = order[at * args.batch : (at + 1) * args.batch]
        for way, make in ways.items():
            begun, started = time.process_time(), time.perf_counter()
            batch = make(chosen)
            loss = update(batch)
            if at > 0:
                seconds[way].append(time.process_time() - begun)
                clock[way] += time.perf_counter() - started
                computed[way] += batch["input_ids"].numel()
                losses[way] += loss / args.updates
        read += at > 0 and sum(len(example.tokens) for example in chosen)
        if at > 0:
            print(f"update {at}: " + ", ".join(f"{way} {taken[-1]:.1f} s" for way, taken in seconds.items()), flush=True)

    question = statistics.mean(example.tokens.index(TAG) for example in order)
    print(f"torch {torch.__version__}, {args.threads} thread(s); {read / args.updates:.0f} tokens in a batch of {args.batch}")
    print(f"questions of {question:.0f} tokens on average, sequences of {read / args.updates / args.batch:.0f}")
    for way in ways:
        taken = sum(seconds[way])
        print(
            f"{way:14}{computed[way] / read:7.2f} positions computed of the tokens{taken:8.1f} s ({clock[way]:.1f})"
            f"{read / taken:8.0f} tokens/s, loss {losses[way]:.4f}"
        )
    ratios = [a / b for a, b in zip(*seconds.values(), strict=True)]
    print(f"trees are {sum(seconds['separate rows']) / sum(seconds['trees']):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
