"""Golden records: what a model says where it was trained, for whoever serves it to be compared with.

    rewards   {"role", "question", "steps", "answer", "values"}                        the value after each line of a solution
    writers   {"role", "question", "draft", "location", "text", "tokens", "apart"}    how the answer to a task begins

A server has other kernels and perhaps another precision, with which greedy texts part at near ties. So a text goes on as far as
each token is surely the likeliest. It is the beginning of a row that was learned, where a model is surest: one pass over the row
says how far the model would write just that, and whether another one would.
"""

from contextlib import nullcontext
from itertools import takewhile

import torch
from peft import PeftModel

# Solutions that are valued; texts that are written down, and rows that they are chosen from.
SOLUTIONS, TEXTS, ROWS = 16, 8, 64
# The longest beginning of a text, in tokens.
LONGEST = 32
# Nats by which a token is ahead of all others if it surely is, also where weights are quantised.
SURE = 2.0
DRAFT, REVISION, BAD, ANSWER = "<|draft|>", "<|revision|>", "[BAD]", "#### "


def values(codec, model, role: str, rows: list[dict], most: int) -> list[dict]:
    """What a trained reward model says of some whole solutions."""
    found = []
    model.eval()
    for row in rows:
        lines = [line for completion in row["completions"] for line in completion.split("\n")]
        example = codec.reward(row)
        if len(found) == SOLUTIONS or not lines[-1].startswith(ANSWER) or len(example.tokens) > most:
            continue
        with torch.no_grad():
            logits = model(torch.tensor([example.tokens], device=model.device)).logits[0].float()
        at = [i for i, token in enumerate(example.tokens) if token == codec.tag][1:]
        values = torch.softmax(logits[at][:, [codec.plus, codec.minus]], dim=-1)[:, 0].tolist()
        found.append({"role": role, "question": row["prompt"], **solution(lines), "values": values})
    return found


class Texts:
    """How a writer's texts begin, and whether the model that it is trained from begins them otherwise, which is asked first."""

    def __init__(self, codec, model, role: str, rows: list[dict], most: int):
        """`model`: as it is before training; an adapter that it goes on with is left aside, as a server would without one."""
        self.codec, self.role, self.rows = codec, role, {}
        for row in rows:
            # A refiner may also learn from rows without a draft, which are no task of its own.
            if len(self.rows) < ROWS and (DRAFT in row["prompt"]) == (role != "student"):
                example = codec.writer(row)
                if len(example.tokens) <= most:
                    self.rows.setdefault(example.question, (row, example))
        with model.disable_adapter() if isinstance(model, PeftModel) else nullcontext():
            self.before = self.leads(model)

    def leads(self, model) -> list[list[float]]:
        """By how many nats each token that is learned is likelier than any other, from the first on."""
        found = []
        model.eval()
        for _, example in self.rows.values():
            at, targets = learned(example)
            with torch.no_grad():
                logits = model(torch.tensor([example.tokens[: at[-1] + 1]], device=model.device)).logits[0, at].float()
            own = torch.tensor(targets, device=logits.device)[:, None]
            others = logits.scatter(1, own, -torch.inf).amax(1)
            found.append((logits.gather(1, own)[:, 0] - others).tolist())
        return found

    def of(self, model) -> list[dict]:
        """Those of the trained model; first the ones that tell it from the base, and of these the longest."""
        found = []
        for (row, example), before, after in zip(self.rows.values(), self.before, self.leads(model), strict=True):
            tokens = len([*takewhile(lambda lead: lead >= SURE, after)])
            if tokens == 0:
                continue
            _, written = learned(example)
            # As servers spell tokens: without those that are no text, and nothing tidied.
            spelt = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
            text = self.codec.tokenizer.decode(written[:tokens], **spelt)
            apart = min(before[:tokens]) <= -SURE
            found.append({"role": self.role, **task(row["prompt"]), "text": text, "tokens": tokens, "apart": apart})
        return sorted(found, key=lambda one: (one["apart"], one["tokens"]), reverse=True)[:TEXTS]


def learned(example) -> tuple[list[int], list[int]]:
    """The first tokens that are learned: the positions that they follow, and themselves."""
    places = [(i, target) for i, target in enumerate(example.targets) if target >= 0][:LONGEST]
    return [i for i, _ in places], [target for _, target in places]


def task(prompt: str) -> dict:
    """What is to be written, read from a row's prompt."""
    question, _, read = prompt.partition(f"\n{DRAFT}")
    if not read:
        return {"question": prompt.removesuffix("\n")}
    before, marked, after = read.removesuffix(REVISION).partition(BAD)
    lines = [line for line in (before + after).split("\n") if line]
    return {"question": question, "draft": solution(lines), **({"location": before.count("\n") + 1} if marked else {})}


def solution(lines: list[str]) -> dict:
    """Lines as steps, and the answer if it is the last of them."""
    answer = lines[-1].removeprefix(ANSWER) if lines and lines[-1].startswith(ANSWER) else None
    return {"steps": lines if answer is None else lines[:-1], "answer": answer}
