"""Trains one role of GLoRe on exported data with transformers, peft and accelerate: for models of 1B parameters and up.

    data      glore export <run> --format trl-prompt-completion   student.jsonl global.jsonl local.jsonl plain.jsonl
              glore export <run> --format trl-stepwise            sorm.jsonl orm.jsonl
    result    <out>/model, a Hugging Face folder; with LoRA also <out>/adapter

Every role is a causal language model. The sequences are those of glore's codec (packages/glore/src/codec/codec.ts):

    writers   BOS prompt | completion EOS                          learned: what follows `|`
    rewards   BOS question \\n TAG step \\n TAG .. #### answer TAG   learned: + or - as the token after a TAG

Text is cut at newlines and special tokens and tokenised piece by piece, so that no separator merges with a neighbour. A
server that is given text cuts it at special tokens alone: `--for-server` does the same.
"""

import argparse
import json
import math
import random
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import golden
import torch
from batches import Batch, Example, Trees, WholeProblems, why_apart
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer_utils import get_last_checkpoint, set_seed

WRITERS = ("student", "global", "local")
REWARDS = ("orm", "sorm")
TAG, PLUS, MINUS = "<|step|>", "<|+|>", "<|-|>"
SPECIAL = (TAG, PLUS, MINUS, "[BAD]", "<|draft|>", "<|revision|>")
HELD_OUT = 96
COMPLETION, STEPWISE = ("prompt", "completion"), ("prompt", "completions", "labels")


class Codec:
    """Rows as examples, in the sequences above."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, as_text: bool = False):
        """`as_text`: as a server cuts a text that it is given, instead of as glore spells token ids."""
        self.tokenizer = tokenizer
        ends = SPECIAL if as_text else ("\n", *SPECIAL)
        self.pieces = re.compile("(" + "|".join(map(re.escape, ends)) + ")")
        # A base of glore's spells its own; any other model keeps those it was trained with.
        known = tokenizer.get_vocab()
        bos = known.get("<|bos|>", tokenizer.bos_token_id)
        # A server puts before a text what its tokenizer puts there, which may be nothing though a BOS is named.
        self.first = first_tokens(tokenizer) if as_text else [] if bos is None else [bos]
        self.eos = known.get("<|eos|>", tokenizer.eos_token_id)
        self.pad = next(i for i in (known.get("<|pad|>"), tokenizer.pad_token_id, self.eos) if i is not None)
        self.tag, self.plus, self.minus = (self.ids(token)[0] for token in (TAG, PLUS, MINUS))

    def ids(self, text: str) -> list[int]:
        pieces = (piece for piece in self.pieces.split(text) if piece)
        return [token for piece in pieces for token in self.tokenizer.encode(piece, add_special_tokens=False)]

    def start(self, text: str) -> list[int]:
        return self.first + self.ids(text)

    def writer(self, row: dict) -> Example:
        prompt = self.start(row["prompt"])
        tokens = [*prompt, *self.ids(row["completion"]), self.eos]
        targets = [tokens[t + 1] if len(prompt) <= t + 1 < len(tokens) else -1 for t in range(len(tokens))]
        return Example(tokens, targets, row["prompt"].split("\n")[0])

    def reward(self, row: dict) -> Example:
        tokens = [*self.start(row["prompt"] + "\n"), self.tag]
        targets = [-1] * len(tokens)
        for completion, label in zip(row["completions"], row["labels"], strict=True):
            # A completion has several lines where those before its last one have no label.
            for line in completion.split("\n"):
                tokens += [*self.ids(line if line.startswith("####") else line + "\n"), self.tag]
            targets += [-1] * (len(tokens) - len(targets) - 1) + [self.plus if label else self.minus]
        return Example(tokens, targets, row["prompt"])

    def batch(self, examples: list[Example]) -> Batch:
        """Tensors of shape [rows, time], padded on the right."""
        time = max(len(example.tokens) for example in examples)

        def fill(rows: list[list[int]], value: int) -> torch.Tensor:
            return torch.tensor([row + [value] * (time - len(row)) for row in rows])

        return {
            "input_ids": fill([e.tokens for e in examples], self.pad),
            "attention_mask": fill([[1] * len(e.tokens) for e in examples], 0),
            "targets": fill([e.targets for e in examples], -1),
        }


def first_tokens(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """What the tokenizer puts before a text."""
    bare = tokenizer.encode("1", add_special_tokens=False)
    whole = tokenizer.encode("1")
    return whole[: whole.index(bare[0])]


def add_spelling(parser: argparse.ArgumentParser) -> None:
    what = "what a server will be given: text, which is usual --for-server, or token ids, which are usual otherwise"
    parser.add_argument("--spelling", choices=("text", "tokens"), help=what)


def reads_text(args: argparse.Namespace) -> bool:
    return (args.spelling or ("text" if args.for_server else "tokens")) == "text"


def fail(message: str) -> None:
    sys.exit(f"error: {message}")


def read_rows(paths: Iterable[Path], fields: tuple[str, ...]) -> list[dict]:
    rows = []
    for path in paths:
        if not path.is_file():
            fail(f"{path}: expected a JSON Lines file, found none; write it with glore export")
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                fail(f"{path}:{number}: expected one JSON object on each line, found {error}")
            if missing := [name for name in fields if name not in row]:
                fail(f"{path}:{number}: expected the field {missing[0]!r}, found {list(row)}; is it the role's format?")
            if "labels" in fields and not (count := len(row["labels"])) == len(row["completions"]) > 0:
                fail(f"{path}:{number}: expected a label for each completion, found {count} labels")
            rows.append(row)
    return rows


def loss_mask(codec: Codec, examples: list[Example], max_length: int) -> tuple[list[Example], dict[str, int]]:
    """Leaves out what is too long, whole, and counts what is learned and lost."""
    kept = [example for example in examples if len(example.tokens) <= max_length]
    lost = [example for example in examples if len(example.tokens) > max_length]
    targets = [target for example in kept for target in example.targets if target >= 0]
    return kept, {
        "examples": len(kept),
        "tokens": sum(len(example.tokens) for example in kept),
        "targets": len(targets),
        "lostExamples": len(lost),
        "lostTargets": sum(target >= 0 for example in lost for target in example.targets),
        "positive": targets.count(codec.plus),
        "negative": targets.count(codec.minus),
    }


def split(examples: list[Example], seed: int) -> tuple[list[Example], list[Example]]:
    """Training and held-out examples: held out are whole questions, never more than a fifth of them."""
    questions = sorted({example.question for example in examples})
    random.Random(seed).shuffle(questions)
    held = set(questions[: min(HELD_OUT, len(questions) // 5)])
    return [e for e in examples if e.question not in held], [e for e in examples if e.question in held][:HELD_OUT]


def loss_of(model, inputs: Batch):
    """The mean over targets of `-log p(target)`, in nats, and what the model said. Targets are a table, or a list with places."""
    inputs = dict(inputs)
    targets, places, weights = (inputs.pop(name, None) for name in ("targets", "places", "weights"))
    outputs = model(**inputs, use_cache=False)
    if places is None:
        learned = targets >= 0  # [rows, time]
        logits = outputs.logits[learned].float()  # [targets, vocabulary]
        return torch.nn.functional.cross_entropy(logits, targets[learned]), outputs
    logits = outputs.logits.flatten(0, 1)[places].float()
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    return weights @ losses / weights.sum(), outputs


class RoleTrainer(Trainer):
    """Batches of whole problems if they are to be together; counts tokens read, and positions computed with their padding."""

    def __init__(self, together: bool, **options):
        super().__init__(**options)
        self.together = together
        self.read = self.computed = 0

    def _get_train_sampler(self, *dataset):
        if not self.together:
            return super()._get_train_sampler(*dataset)
        questions = [example.question for example in self.train_dataset]
        return WholeProblems(questions, self._train_batch_size, self.args.seed, self.epoch)

    def epoch(self) -> int:
        return math.floor(self.state.epoch or 0)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        read = inputs.pop("read")
        if model.training:
            self.read += read
            self.computed += inputs["input_ids"].numel()
        loss, outputs = loss_of(model, inputs)
        return (loss, outputs) if return_outputs else loss


def collator(codec: Codec, trainer: RoleTrainer, args: argparse.Namespace, longest: int) -> Callable[[list[Example]], Batch]:
    """Batches as trees where they are asked for and the model reads them; says why not."""
    make, why = codec.batch, None
    if args.trees:
        trees = Trees(codec.batch, trainer.model)
        why = untried(trainer) or why_apart(trainer.model, trees, longest)
        make = codec.batch if why else trees
    if why and trainer.is_world_process_zero():
        print(f"sequences are computed apart: {why}", flush=True)
    return lambda examples: {**make(examples), "read": sum(len(example.tokens) for example in examples)}


def untried(trainer: RoleTrainer) -> str | None:
    """Why trees are left alone, however the model reads them."""
    ways = {
        "FSDP": trainer.is_fsdp_enabled,
        "DeepSpeed": trainer.is_deepspeed_enabled,
        "one process with several GPUs": trainer.args.n_gpu > 1,
    }
    return next((f"trees have not been tried with {way}" for way, so in ways.items() if so), None)


class Told(TrainerCallback):
    """Says how far the training is, one JSON object a line; SIGTERM stops it after the update, with a checkpoint."""

    def __init__(self, trainer: RoleTrainer):
        self.trainer = trainer
        self.stopped = False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_):
        self.stopped = True

    def say(self, state):
        if state.is_world_process_zero:
            loss = next((entry["loss"] for entry in reversed(state.log_history) if "loss" in entry), None)
            told = {"update": state.global_step, "updates": state.max_steps}
            if loss is not None:
                told["loss"] = round(float(loss), 4)
            print(json.dumps({**told, "read": self.trainer.read, "computed": self.trainer.computed}), flush=True)

    def on_train_begin(self, args, state, control, **_):
        self.say(state)

    def on_step_end(self, args, state, control, **_):
        self.say(state)
        if torch.distributed.is_initialized():
            # One that stops alone would leave the others waiting.
            stopped = torch.tensor(float(self.stopped), device=args.device)
            torch.distributed.all_reduce(stopped)
            self.stopped = stopped.item() > 0
        if self.stopped:
            control.should_save = control.should_training_stop = True


def limit_of(model, max_length: int) -> int:
    """The longest sequence, in tokens, that is asked for and that the model has positions for."""
    return min(max_length, getattr(model.config, "max_position_embeddings", max_length))


def open_model(name: str, tokenizer: PreTrainedTokenizerBase, added: list[int], dtype: torch.dtype):
    """The model with a row for each token; those of added ones follow from the seed."""
    set_seed(0)
    model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
    if len(tokenizer) > model.get_input_embeddings().num_embeddings:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    # Rows that nothing has trained may be all alike, and what is alike cannot be told apart.
    for table in tables_of(model):
        rows = table.weight.data
        rows[added] = torch.randn(len(added), rows.shape[1]).to(rows) * rows.std()
    return model


def tables_of(model) -> list[torch.nn.Module]:
    """The embeddings, and the output layer where it has rows of its own."""
    tied = model.config.tie_word_embeddings
    return [model.get_input_embeddings()] + ([] if tied else [model.get_output_embeddings()])


def with_lora(model, ids: list[int], rank: int):
    """Adapters on every linear layer, and the rows of these tokens."""
    names = {module: name.split(".")[-1] for name, module in model.named_modules()}
    config = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        target_modules="all-linear",
        trainable_token_indices={names[table]: ids for table in tables_of(model)} if ids else None,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def keep_settings(args: argparse.Namespace) -> None:
    """Writes what this training is, and refuses to go on with another one in its folder."""
    path = args.out / "settings.json"
    settings = json.dumps({name: value for name, value in vars(args).items() if name != "out"}, indent=2, default=str)
    if path.is_file() and path.read_text() != settings:
        fail(f"{path}: expected the settings of this training, found others; choose another --out, or delete this one")
    args.out.mkdir(parents=True, exist_ok=True)
    path.write_text(settings)


def options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Train one role of GLoRe. The same command goes on from the last checkpoint.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--role", required=True, choices=WRITERS + REWARDS)
    parser.add_argument("--model", required=True, help="folder or Hub name of the checkpoint to start from")
    parser.add_argument("--data", required=True, nargs="+", type=Path, help="exported JSON Lines; several are joined")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--lora-rank", type=int, default=16, help="0 trains every weight")
    parser.add_argument("--adapter", type=Path, help="a LoRA on --model to go on with, of the rank that it has")
    parser.add_argument(
        "--for-server",
        action="store_true",
        help="for servers that are given text and take adapters of LoRA alone (vLLM): text is tokenised as they do it, and"
        " the rows of special tokens stay as they are",
    )
    add_spelling(parser)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--batch", type=int, default=8, help="sequences on each device")
    parser.add_argument("--accumulate", type=int, default=1, help="batches before an update")
    parser.add_argument(
        "--together",
        action="store_true",
        help="critics: all examples of a problem in one batch, where they fit, as the built-in training has them",
    )
    parser.add_argument(
        "--trees",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="what sequences of a batch begin with alike is computed once, where the model can and it is less to compute",
    )
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--max-length", type=int, default=1024, help="tokens; what is longer is left out and counted")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=torch.cuda.is_available())
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--save-every", type=int, default=200, help="updates between checkpoints to go on from")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    if args.adapter and not args.lora_rank:
        parser.error("--adapter: expected a LoRA to be trained, found --lora-rank 0; start from its merged model/ instead")
    if args.adapter and not (args.adapter / "adapter_config.json").is_file():
        parser.error(f"--adapter {args.adapter}: expected the adapter/ of another role, found no adapter_config.json in it")
    return args


def main(argv: list[str] | None = None) -> None:
    args = options(argv)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    lacked = [token for token in SPECIAL if token not in tokenizer.get_vocab()]
    tokenizer.add_tokens(lacked, special_tokens=True)
    added = tokenizer.convert_tokens_to_ids(lacked)
    codec = Codec(tokenizer, reads_text(args))
    writes = args.role in WRITERS
    rows = read_rows(args.data, COMPLETION if writes else STEPWISE)
    examples = [codec.writer(row) if writes else codec.reward(row) for row in rows]

    model = open_model(args.model, tokenizer, added, torch.bfloat16 if args.bf16 and args.lora_rank else torch.float32)
    examples, mask = loss_mask(codec, examples, most := limit_of(model, args.max_length))
    if args.adapter:
        model = PeftModel.from_pretrained(model, str(args.adapter), is_trainable=True)
    elif args.lora_rank:
        # A base has never seen the special tokens.
        ids = [] if args.for_server else tokenizer.convert_tokens_to_ids(list(SPECIAL))
        model = with_lora(model, ids, args.lora_rank)
    learned, held = split(examples, args.seed)

    states = args.out / "checkpoints"
    trainer = RoleTrainer(
        together=args.together and not writes,
        model=model,
        args=TrainingArguments(
            output_dir=str(states),
            num_train_epochs=args.epochs,
            per_device_train_batch_size=args.batch,
            per_device_eval_batch_size=args.batch,
            gradient_accumulation_steps=args.accumulate,
            learning_rate=args.rate,
            lr_scheduler_type="cosine",
            warmup_steps=0.05,
            weight_decay=0.01,
            bf16=args.bf16,
            # Said outright, or torchrun's processes on a CPU would each train alone.
            use_cpu=not torch.accelerator.is_available(),
            dataloader_pin_memory=torch.accelerator.is_available(),
            gradient_checkpointing=args.gradient_checkpointing,
            gradient_checkpointing_kwargs={"use_reentrant": False},
            logging_steps=10,
            eval_strategy="steps" if held else "no",
            eval_steps=args.save_every,
            save_steps=args.save_every,
            save_total_limit=2,
            prediction_loss_only=True,
            label_names=["targets"],
            remove_unused_columns=False,
            report_to="none",
            seed=args.seed,
        ),
        train_dataset=learned,
        eval_dataset=held or None,
    )
    trainer.add_callback(told := Told(trainer))
    main_process = trainer.is_world_process_zero()
    if main_process:
        keep_settings(args)
        (args.out / "training.mask.json").write_text(json.dumps(mask, indent=2) + "\n")
        print(json.dumps(mask), flush=True)
    if mask["targets"] == 0:
        fail(f"{args.role}: there is nothing to learn from (training.mask.json); export more, or raise --max-length")

    trainer.data_collator = collator(codec, trainer, args, max(len(example.tokens) for example in examples))
    # With FSDP no process has all weights.
    compared = main_process and not trainer.is_fsdp_enabled
    texts = golden.Texts(codec, trainer.model, args.role, rows, most) if writes and compared else None
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(states)) if states.is_dir() else None)
    if told.stopped and trainer.state.global_step < trainer.state.max_steps:
        sys.exit(128 + signal.SIGTERM)
    if trainer.is_fsdp_enabled:
        trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
    trainer.save_model(str(args.out / ("adapter" if args.lora_rank else "model")))
    trainer.accelerator.wait_for_everyone()
    if not main_process:
        return
    if compared:
        records = texts.of(trainer.model) if texts else golden.values(codec, trainer.model, args.role, rows, most)
        if texts and not any(record["apart"] for record in records):
            print(f"none of {len(records)} golden texts tells this model from the one that it was trained from", flush=True)
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        (args.out / "golden.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if args.lora_rank:
        base = open_model(args.model, tokenizer, added, model.dtype)
        merged = PeftModel.from_pretrained(base, str(args.out / "adapter")).merge_and_unload()
        merged.save_pretrained(str(args.out / "model"))
    tokenizer.save_pretrained(str(args.out / "model"))
    if not added and (own := Path(args.model) / "tokenizer.json").is_file():
        # Byte for byte: glore's codec is named by its hash.
        for name in (own.name, "tokenizer_config.json"):
            shutil.copy(own.with_name(name), args.out / "model" / name)


if __name__ == "__main__":
    main()
