"""How batches are made: of whole problems if asked for, and as trees, in which what sequences begin with alike is computed once.

Samples, labels and refinements of one problem share its question, and often lines after it. Sequences of a batch that begin
alike become one row of distinct positions, each sequence's own behind those that it shares with the one before:

    a b c d        row         a b c d e f
    a b e f        positions   0 1 2 3 2 3
                   f sees      a b     e f

A position sees itself and what is before it in its sequences, and stands where it stands there, so what the model says at it
is what it says in each of them. What several sequences learn there alike is learned once, with as much weight.
"""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

# Sequences that begin with fewer tokens alike are apart.
FAMILY = 16
# Groups that are looked at before one is cut to fill a batch.
AHEAD = 100
# What attention is called that takes a mask of one's own, and what limits of how far back it sees are called.
MASKED, WINDOWS = ("sdpa", "eager"), ("sliding_window", "attention_chunk_size")
Batch = dict[str, torch.Tensor]


@dataclass
class Example:
    """`targets[t]` is what the model should say after `tokens[t]`, -1 where nothing is learned."""

    tokens: list[int]
    targets: list[int]
    question: str


@dataclass
class Tree:
    """Distinct positions of sequences: the token of each, and its place in a sequence; by sequence, which ones it reads."""

    tokens: list[int]
    positions: list[int]
    paths: list[list[int]]


def alike(a: list[int], b: list[int]) -> int:
    """How many tokens two sequences begin with alike."""
    return next((t for t, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def tree_of(sequences: list[list[int]]) -> Tree:
    """`sequences` are sorted, so that what one has in common with any before it is what it has with the last."""
    tree = Tree([], [], [])
    before, path = [], []
    for sequence in sequences:
        shared = alike(before, sequence)
        own = range(len(tree.tokens), len(tree.tokens) + len(sequence) - shared)
        tree.tokens += sequence[shared:]
        tree.positions += range(shared, len(sequence))
        before, path = sequence, [*path[:shared], *own]
        tree.paths.append(path)
    return tree


def seen_in(tree: Tree, time: int) -> torch.Tensor:
    """[time, time]: which positions each sees. Those behind the tree see themselves alone: softmax needs something."""
    seen = torch.eye(time, dtype=torch.bool)
    done = 0
    for path in tree.paths:
        own = [row for row in path if row >= done]
        block = torch.ones(len(own), len(path), dtype=torch.bool)
        seen[done : done + len(own), path] = block.tril(len(path) - len(own))
        done += len(own)
    return seen


def families_of(examples: list[Example]) -> list[list[Example]]:
    """Examples that begin with at least FAMILY tokens as another one does, together and in order."""
    families: list[list[Example]] = []
    for example in sorted(examples, key=lambda example: example.tokens):
        if families and alike(families[-1][-1].tokens, example.tokens) >= FAMILY:
            families[-1].append(example)
        else:
            families.append([example])
    return families


def size_of(family: list[Example]) -> int:
    return len(tree_of([example.tokens for example in family]).tokens)


class Trees:
    """A model's batches as trees where that is less to compute, and as `separate` makes them otherwise."""

    def __init__(self, separate: Callable[[list[Example]], Batch], model):
        config = model.config.get_text_config()
        weights = sum(table.numel() for table in model.parameters())
        self.separate = separate
        # Of each position: a product with each weight, and in each layer two with each position that it reads. So many of
        # these cost as much as the weights.
        self.reach = weights / (2 * config.num_hidden_layers * config.hidden_size)
        # Eager attention adds its mask to scores, which are of this type; SDPA takes booleans.
        self.additive = model.dtype if config._attn_implementation == "eager" else None

    def __call__(self, examples: list[Example]) -> Batch:
        rows = self.dealt(examples)
        return self.packed(rows) if rows else self.separate(examples)

    def cost(self, rows: int, time: int) -> float:
        return rows * time * (self.reach + time)

    def dealt(self, examples: list[Example]) -> list[list[Example]] | None:
        """Whole families by row, of as many rows as are cheapest; None where separate rows are, or nothing is shared."""
        families = families_of(examples)
        if len(families) == len(examples):
            return None
        families.sort(key=size_of, reverse=True)
        best = None
        least = self.cost(len(examples), max(len(example.tokens) for example in examples))
        sizes = [size_of(family) for family in families]
        for rows in range(1, len(families) + 1):
            times, dealt = [0] * rows, [[] for _ in range(rows)]
            # The largest first, and each to the row that has least.
            for size, family in zip(sizes, families, strict=True):
                to = times.index(min(times))
                times[to] += size
                dealt[to] += family
            if (cost := self.cost(rows, max(times))) < least:
                best, least = dealt, cost
        return best

    def packed(self, rows: list[list[Example]]) -> Batch:
        """Of each target: `places`, counted through all rows, `targets` and `weights`."""
        rows = [sorted(row, key=lambda example: example.tokens) for row in rows]
        trees = [tree_of([example.tokens for example in row]) for row in rows]
        time = max(len(tree.tokens) for tree in trees)
        learned = Counter(
            (at * time + place, target)
            for at, (row, tree) in enumerate(zip(rows, trees, strict=True))
            for example, path in zip(row, tree.paths, strict=True)
            for place, target in zip(path, example.targets, strict=True)
            if target >= 0
        )

        def fill(lists: list[list[int]]) -> torch.Tensor:
            return torch.tensor([each + [0] * (time - len(each)) for each in lists])

        mask = torch.stack([seen_in(tree, time) for tree in trees])[:, None]
        if self.additive:
            mask = torch.zeros(mask.shape, dtype=self.additive).masked_fill(~mask, torch.finfo(self.additive).min)
        return {
            "input_ids": fill([tree.tokens for tree in trees]),
            "position_ids": fill([tree.positions for tree in trees]),
            "attention_mask": mask,
            "places": torch.tensor([place for place, _ in learned], dtype=torch.long),
            "targets": torch.tensor([target for _, target in learned], dtype=torch.long),
            "weights": torch.tensor(list(learned.values()), dtype=torch.float32),
        }


def why_apart(model, trees: Trees, longest: int) -> str | None:
    """Why a model's sequences, of up to `longest` tokens, are computed apart; None where it reads them as trees."""
    config = model.config.get_text_config()
    if config._attn_implementation not in MASKED:
        return f"attention {config._attn_implementation!r} takes no mask of one's own, {' and '.join(MASKED)} do"
    for name in WINDOWS:
        if (window := getattr(config, name, None)) and window < longest:
            return f"a layer sees {window} positions ({name}), and sequences have up to {longest} tokens"
    try:
        error = difference(model, trees)
    except Exception as failed:  # noqa: BLE001: whatever a model says to such inputs, it does not read them
        return f"the model does not take them ({type(failed).__name__}: {failed})".split("\n")[0]
    most = 1e-3 if model.dtype == torch.float32 else 0.05
    return None if error < most else f"the model says something else of them: {error:.1e} apart, at most {most} is rounding"


@torch.no_grad()
def difference(model, trees: Trees) -> float:
    """How far a model's logits of a small tree are from those of its sequences alone, in standard deviations of those."""
    size = model.get_input_embeddings().num_embeddings
    sequences = sorted([t % size for t in (*range(24), *range(first, first + 8))] for first in (24, 32, 40))
    batch = trees.packed([[Example(tokens, tokens, "") for tokens in sequences]])
    model.eval()

    def logits(**inputs: torch.Tensor) -> torch.Tensor:
        return model(**{name: table.to(model.device) for name, table in inputs.items()}, use_cache=False).logits.float()

    names = ("input_ids", "position_ids", "attention_mask")
    together = logits(**{name: batch[name] for name in names})[0]
    alone = logits(input_ids=torch.tensor(sequences), attention_mask=torch.ones(3, 32, dtype=torch.long))
    paths = torch.tensor(tree_of(sequences).paths)
    return ((together[paths] - alone).abs().mean() / alone.std()).item()


class WholeProblems(torch.utils.data.Sampler):
    """Examples in an order that follows from seed and epoch: those of a problem come in one batch, where they fit."""

    def __init__(self, problems: list[str], batch: int, seed: int, epoch: Callable[[], int]):
        self.problems, self.batch, self.seed, self.epoch = problems, batch, seed, epoch

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self.seed}/{self.epoch()}")
        order = list(range(len(self.problems)))
        chance.shuffle(order)
        groups: dict[str, list[int]] = {}
        for at in order:
            groups.setdefault(self.problems[at], []).append(at)
        # Not by their first examples: large groups would come first.
        shuffled = list(groups.values())
        chance.shuffle(shuffled)
        return iter(filled(shuffled, self.batch))


def filled(groups: list[list[int]], size: int) -> list[int]:
    """The groups in their order, except that one which does not fit into what is left of a batch waits for the next in which
    it does; where none of those ahead fits, the first that waits is cut."""
    order: list[int] = []
    waiting = deque(groups)
    while waiting:
        room, later = size, []
        while waiting and room and len(later) < AHEAD:
            group = waiting.popleft()
            if len(group) > room:
                later.append(group)
            else:
                order += group
                room -= len(group)
        if room and later:
            order += later[0][:room]
            later[0] = later[0][room:]
        waiting.extendleft(reversed(later))
    return order
