"""Leaves out of a SORM's set what a first SORM doubts: the positive labels of lines that it values below `--doubt`.

Some lines are positive because rollouts from them, or the samples they are in, were right by luck, and a SORM of one epoch
tells most of these from the rest. The second SORM goes on from the first without them:

    train.py --role sorm --model <student> --data sorm.jsonl           --out first          (one epoch)
    doubt.py --model first/model           --data sorm.jsonl           --out sorm.left.jsonl
    train.py --role sorm --model first/model --data sorm.left.jsonl    --out sorm --epochs 2
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from train import STEPWISE, Codec, Example, add_spelling, fail, limit_of, read_rows, reads_text
from transformers import AutoModelForCausalLM, AutoTokenizer


def values_of(model, codec: Codec, examples: list[Example], batch: int) -> Iterator[tuple[int, list[float]]]:
    """The value `p(+) / (p(+) + p(-))` at each label of each example, the longest first: (its place, values)."""
    places = sorted(range(len(examples)), key=lambda place: -len(examples[place].tokens))
    for start in range(0, len(places), batch):
        chosen = places[start : start + batch]
        inputs = {name: table.to(model.device) for name, table in codec.batch([examples[i] for i in chosen]).items()}
        targets = inputs.pop("targets")
        with torch.no_grad():
            logits = model(**inputs, use_cache=False).logits  # [rows, time, vocabulary]
        signs = logits[:, :, [codec.plus, codec.minus]].float().softmax(-1)[:, :, 0]
        for place, row, learned in zip(chosen, signs, targets >= 0, strict=True):
            yield place, row[learned].tolist()


def without(row: dict, doubted: list[bool]) -> dict | None:
    """A completion without a label stands together with the next labelled one; None where no label is left."""
    completions, labels, lines = [], [], []
    for completion, label, out in zip(row["completions"], row["labels"], doubted, strict=True):
        lines.append(completion)
        if not out:
            completions.append("\n".join(lines))
            labels.append(label)
            lines = []
    return {**row, "completions": completions, "labels": labels} if labels else None


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--model", required=True, help="the first SORM: folder or Hub name")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="the set that it was trained on")
    parser.add_argument("--out", required=True, type=Path, help="the set to go on with, JSON Lines")
    parser.add_argument("--doubt", type=float, default=0.25, help="positive labels of a lower value are left out")
    parser.add_argument("--for-server", action="store_true", help="as it was trained")
    add_spelling(parser)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=1024, help="tokens; what is longer stays as it is")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=torch.cuda.is_available())
    args = parser.parse_args(argv)
    if not 0 < args.doubt < 1:
        parser.error(f"--doubt: expected a number between 0 and 1, found {args.doubt}")
    if any(args.out.resolve() == path.resolve() for path in args.data):
        parser.error(f"--out: expected another file than --data, found {args.out}")
    return args


def main(argv: list[str] | None = None) -> None:
    args = options(argv)
    rows = read_rows(args.data, STEPWISE)
    codec = Codec(AutoTokenizer.from_pretrained(args.model), reads_text(args))
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.bfloat16 if args.bf16 else torch.float32)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
    examples = [codec.reward(row) for row in rows]
    longest = limit_of(model, args.max_length)
    read = [place for place, example in enumerate(examples) if len(example.tokens) <= longest]

    doubted = [[False] * len(row["labels"]) for row in rows]
    begun = said = time.monotonic()
    for done, (at, values) in enumerate(values_of(model, codec, [examples[i] for i in read], args.batch), 1):
        labels = rows[read[at]]["labels"]
        doubted[read[at]] = [label and value < args.doubt for label, value in zip(labels, values, strict=True)]
        now = time.monotonic()
        if now - said > 10:
            said, rate = now, done / (now - begun)
            print(f"{done}/{len(read)} solutions, {rate:.0f}/s, {(len(read) - done) / rate:.0f} s left", file=sys.stderr)

    left = [kept for row, out in zip(rows, doubted, strict=True) if (kept := without(row, out))]
    if not left:
        fail(f"--doubt {args.doubt}: expected labels that are not doubted, found none; lower it")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    partial = args.out.with_name(f"{args.out.name}.partial")
    partial.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in left), encoding="utf-8")
    os.replace(partial, args.out)
    summary = {
        "positive": sum(label for row in rows for label in row["labels"]),
        "doubted": sum(sum(flags) for flags in doubted),
        "rows": len(left),
        "lostRows": len(rows) - len(left),
        "tooLong": len(rows) - len(read),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
