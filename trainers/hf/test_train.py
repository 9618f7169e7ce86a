"""python -m unittest discover trainers/hf: trains tiny random Llamas for a few updates; needs npm run build."""

import contextlib
import io
import json
import random
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import batches
import doubt
import golden
import torch
import train
from peft import PeftModel
from safetensors import safe_open
from tokenizers import Tokenizer, models
from tokenizers.processors import TemplateProcessing
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    MambaConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "checkpoints" / "base"
QUESTION = "Ann has 3 shells. Ann buys 4. How many has Ann?"
STEPS = ["Ann has 3+4=8.", "Zoë has 8-1=7."]
SORM = {"prompt": QUESTION, "completions": ["Ann has 3+4=8.\nZoë has 8-1=7.", "#### 7"], "labels": [False, True]}
DRAFT = f"<|draft|>{STEPS[0]}\n[BAD]{STEPS[1]}\n#### 7\n<|revision|>"
LOCAL = {"prompt": f"{QUESTION}\n{DRAFT}", "completion": "9.\n#### 9"}

# Samples of one problem: labels of a line in common that differ, a sample twice, and one that is what another begins with.
SAMPLES = [
    (["Ann has 3+4=8.", "Zoë has 8-1=7.", "#### 7"], [False, False, True]),
    (["Ann has 3+4=8.", "Zoë has 8-1=6.", "#### 6"], [True, False, False]),
    (["Ann has 3+4=8.", "Zoë has 8-1=7.", "#### 7"], [True, False, True]),
    (["Ann has 3+4=7.", "#### 7"], [True, True]),
    (["Ann has 3+4=8.", "Zoë has 8-1=7."], [True, True]),
]
SOLUTIONS = [{"prompt": QUESTION, "completions": lines, "labels": labels} for lines, labels in SAMPLES]
TINY = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}

CODEC = """
import { readFileSync } from 'node:fs';
import { openTokenizer } from '@glore/engine';
import { createCodec } from 'ROOT/packages/glore/dist/codec/index.js';
const codec = createCodec(openTokenizer(readFileSync(process.argv[1] + '/tokenizer.json', 'utf8')));
const [question, steps] = JSON.parse(process.argv[2]);
const draft = { steps, answer: '7' };
const prompt = codec.localPrompt(question, draft, 2);
const target = codec.continuation({ steps: ['', '9.'], answer: '9' }, 2);
const { hash, ids } = codec;
console.log(JSON.stringify({ hash, ids, tagged: codec.tagged(question, draft), prompt, target }));
"""


def codec_of(model: Path) -> dict:
    """What glore's own codec makes of the texts above with the tokenizer of a model."""
    script = CODEC.replace("ROOT", str(ROOT))
    command = ["node", "--input-type=module", "-e", script, str(model), json.dumps([QUESTION, STEPS])]
    done = subprocess.run(command, cwd=ROOT / "packages/glore", check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


class TrainTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.base = self.folder / "base"
        self.start(BASE)

    def start(self, tokenizer: Path) -> None:
        """A random model with the tokenizer of another folder."""
        torch.manual_seed(1)
        size = len(AutoTokenizer.from_pretrained(tokenizer))
        config = LlamaConfig(
            vocab_size=size, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=1, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        )  # fmt: skip
        AutoModelForCausalLM.from_config(config).save_pretrained(self.base)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tokenizer / name, self.base / name)

    def data(self, *given: dict, count: int = 8) -> str:
        """Rows on different questions, of each as many as are given: some are held out."""
        path = self.folder / "data.jsonl"
        rows = [{**row, "prompt": f"{i} {row['prompt']}"} for i in range(count) for row in given]
        path.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
        return str(path)

    def run_training(self, role: str, rows: dict | list[dict], out: str = "out", **options) -> Path:
        data = self.data(*rows if isinstance(rows, list) else [rows])
        arguments = {"role": role, "model": self.base, "data": data, "out": self.folder / out}
        arguments |= {"batch": 2, "rate": 0.01, "lora_rank": 0, **options}
        parts = [part for name, value in arguments.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        train.main([part for part in parts if part != "None"])
        return self.folder / out / "model"

    def test_sequences_are_those_of_the_codec(self):
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        own = codec_of(BASE)
        example = codec.reward(SORM)
        self.assertEqual(example.tokens, own["tagged"]["tokens"])
        labelled = {at: target for at, target in enumerate(example.targets) if target >= 0}
        _, second, answer = own["tagged"]["tags"]
        self.assertEqual(labelled, {second: own["ids"]["minus"], answer: own["ids"]["plus"]})
        example = codec.writer(LOCAL)
        self.assertEqual(example.tokens, own["prompt"] + own["target"])
        self.assertEqual([target for target in example.targets if target >= 0], own["target"])
        self.assertEqual(example.targets[len(own["prompt"]) - 1], own["target"][0])

    def test_a_writer_learns_and_is_still_a_model_of_the_codec(self):
        model = self.run_training("local", LOCAL, epochs=10)
        codec = train.Codec(AutoTokenizer.from_pretrained(model))
        batch = codec.batch([codec.writer(LOCAL)])
        targets = batch.pop("targets")

        def loss(folder: Path) -> float:
            logits = AutoModelForCausalLM.from_pretrained(folder)(batch["input_ids"]).logits
            return torch.nn.functional.cross_entropy(logits[targets >= 0], targets[targets >= 0]).item()

        self.assertLess(loss(model), loss(self.base) / 2)
        self.assertEqual(codec_of(model)["hash"], codec_of(self.base)["hash"])

    def test_an_adapter_merged_is_the_model_for_a_tokenizer_without_the_special_tokens(self):
        other = self.folder / "other"
        shutil.copytree(BASE, other)
        text = (other / "tokenizer.json").read_text()
        for i, token in enumerate(train.SPECIAL):
            text = text.replace(json.dumps(token), json.dumps(f"<|other-{i}|>"))
        (other / "tokenizer.json").write_text(text)
        self.start(other)
        model = self.run_training("sorm", SORM, lora_rank=4)
        tokenizer = AutoTokenizer.from_pretrained(model)
        merged = AutoModelForCausalLM.from_pretrained(model)
        self.assertEqual(merged.get_output_embeddings().out_features, len(tokenizer))
        codec = train.Codec(tokenizer)
        tokens = torch.tensor([codec.reward(SORM).tokens])
        added = tokenizer.convert_tokens_to_ids(list(train.SPECIAL))
        base = train.open_model(str(self.base), tokenizer, added, torch.float32)
        before = base(tokens).logits
        adapted = PeftModel.from_pretrained(base, str(model.with_name("adapter")))
        after = adapted(tokens).logits
        torch.testing.assert_close(merged(tokens).logits, after, atol=1e-5, rtol=1e-4)
        self.assertGreater((after - before).abs().max().item(), 1e-2)
        rows = base.get_output_embeddings().weight[added]
        self.assertEqual(len(rows.unique(dim=0)), len(added))

    def test_an_adapter_for_a_server_is_lora_alone_on_the_text_as_servers_cut_it(self):
        model = self.run_training("sorm", SORM, lora_rank=4, for_server=None)
        with safe_open(model.with_name("adapter") / "adapter_model.safetensors", "pt") as adapter:
            kinds = {name.split(".")[-2] for name in adapter.keys()}
        self.assertEqual(kinds, {"lora_A", "lora_B"})
        # A tokenizer that merges a newline with what is before it, as many do.
        signs = ["<s>", "</s>", *sorted(set(f"{QUESTION}\n{STEPS}#")), "?\n", ".\n"]
        merging = Tokenizer(models.BPE({sign: i for i, sign in enumerate(signs)}, [("?", "\n"), (".", "\n")]))
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=merging, bos_token="<s>", eos_token="</s>")
        tokenizer.add_tokens(list(train.SPECIAL), special_tokens=True)
        # It names a BOS and does not put it before a text, so a server does not either.
        text = f"{QUESTION}\n<|step|>{STEPS[0]}\n<|step|>#### 7<|step|>"
        row = {"prompt": QUESTION, "completions": [STEPS[0], "#### 7"], "labels": [True, True]}
        tokens = train.Codec(tokenizer, as_text=True).reward(row).tokens
        self.assertEqual(tokens, tokenizer.encode(text, add_special_tokens=False))
        spelt = train.Codec(tokenizer).reward(row).tokens
        self.assertEqual(spelt[0], tokenizer.bos_token_id)
        self.assertNotEqual(tokens, spelt[1:])
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 1)])
        begun = train.Codec(tokenizer, as_text=True).reward(row).tokens
        self.assertEqual(begun, [tokenizer.bos_token_id, *tokens])

    def test_goes_on_from_the_adapter_of_another_role_on_the_same_model(self):
        sorm = self.run_training("sorm", SORM, "sorm", lora_rank=4)
        adapter = sorm.with_name("adapter")
        same = self.run_training("orm", SORM, "same", adapter=adapter, lora_rank=4, rate=0.0)
        orm = self.run_training("orm", SORM, "orm", adapter=adapter, lora_rank=4)
        states = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in (sorm, same, orm)]
        for name, weight in states[0].items():
            torch.testing.assert_close(states[1][name], weight, msg=name)
        self.assertTrue(any((states[2][name] - weight).abs().max() > 1e-3 for name, weight in states[0].items()))
        # What was learned is an adapter on the model that both started from.
        tokens = torch.tensor([train.Codec(AutoTokenizer.from_pretrained(BASE)).reward(SORM).tokens])
        adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(self.base), orm.with_name("adapter"))
        merged = AutoModelForCausalLM.from_pretrained(orm)(tokens).logits
        torch.testing.assert_close(merged, adapted(tokens).logits, atol=1e-5, rtol=1e-4)
        with self.assertRaises(SystemExit):
            self.run_training("orm", SORM, "none", adapter=self.folder / "none", lora_rank=4)
        with self.assertRaises(SystemExit):
            self.run_training("orm", SORM, "full", adapter=adapter)

    def test_an_orm_learns_from_each_label_alike_as_a_sorm_does(self):
        models = [self.run_training(role, SORM, role) for role in ("orm", "sorm")]
        orm, sorm = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in models]
        for name, weight in sorm.items():
            torch.testing.assert_close(orm[name], weight, msg=name)

    def test_goes_on_from_a_checkpoint_and_ends_with_the_same_weights(self):
        options = {"epochs": 2, "save_every": 2}
        whole = self.run_training("orm", SORM, "whole", **options)
        parted = self.run_training("orm", SORM, "parted", **options)
        # As a kill after the fourth update leaves it.
        shutil.rmtree(parted)
        states = sorted(parted.with_name("checkpoints").iterdir(), key=lambda state: int(state.name.split("-")[1]))
        shutil.rmtree(states[-1])
        self.assertGreater(len(states), 1)
        before = (states[0] / "trainer_state.json").stat().st_mtime_ns
        parted = self.run_training("orm", SORM, "parted", **options)
        self.assertEqual((states[0] / "trainer_state.json").stat().st_mtime_ns, before, "it began anew")
        weights = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in (whole, parted)]
        for name, weight in weights[0].items():
            torch.testing.assert_close(weights[1][name], weight, msg=name)
        with self.assertRaisesRegex(SystemExit, "expected the settings of this training"):
            self.run_training("orm", SORM, "parted", **options, seed=2)

    def test_a_signal_ends_it_with_a_checkpoint_that_it_goes_on_from(self):
        options = {"epochs": 2, "save_every": 100}
        whole = self.run_training("orm", SORM, "whole", **options)

        def end(told, state):
            if state.global_step == 3:
                signal.raise_signal(signal.SIGTERM)

        with mock.patch.object(train.Told, "say", end), self.assertRaises(SystemExit) as ended:
            self.run_training("orm", SORM, "ended", **options)
        self.assertEqual(ended.exception.code, 143)
        out = self.folder / "ended"
        self.assertEqual([state.name for state in (out / "checkpoints").iterdir()], ["checkpoint-3"])
        self.assertFalse((out / "model").exists())
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            again = self.run_training("orm", SORM, "ended", **options)
        told = [json.loads(line) for line in said.getvalue().splitlines() if line.startswith('{"update"')]
        self.assertEqual([report["update"] for report in told], [3, *range(4, told[0]["updates"] + 1)])
        weights = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in (whole, again)]
        for name, weight in weights[0].items():
            torch.testing.assert_close(weights[1][name], weight, msg=name)

    def test_says_what_its_critic_says_of_solutions(self):
        model = self.run_training("sorm", SORM, lora_rank=4)
        golden = [json.loads(line) for line in model.with_name("golden.jsonl").read_text().splitlines()]
        self.assertEqual(len(golden), 8)
        first = golden[0]
        self.assertEqual((first["role"], first["steps"], first["answer"]), ("sorm", STEPS, "7"))
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        merged = AutoModelForCausalLM.from_pretrained(model).eval()
        row = {"prompt": first["question"], "completions": [*STEPS, "#### 7"], "labels": [True] * 3}
        for count, value in enumerate(first["values"], 1):
            prefix = {name: row[name][:count] for name in ("completions", "labels")}
            logits = merged(torch.tensor([codec.reward(row | prefix).tokens])).logits[0, -1]
            self.assertAlmostEqual(logits[[codec.plus, codec.minus]].softmax(-1)[0].item(), value, places=4)
        self.assertEqual(len(first["values"]), 3)

    def test_says_how_its_writer_goes_on_where_the_base_does_not(self):
        other = {**LOCAL, "completion": "7.\n#### 7"}
        base = self.run_training("local", [other, {"prompt": f"{QUESTION}\n", "completion": "9.\n#### 9"}], "base", rate=0.03, epochs=10)
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))

        def greedy(model: Path, prompt: str, tokens: int) -> str:
            """What a server would give."""
            start = torch.tensor([codec.start(prompt)])
            options = {"do_sample": False, "eos_token_id": codec.eos, "pad_token_id": codec.pad}
            written = AutoModelForCausalLM.from_pretrained(model).generate(start, max_new_tokens=tokens, **options)
            return codec.tokenizer.decode(written[0, start.shape[1] :], skip_special_tokens=True)

        learning = {"model": base, "rate": 0.03, "epochs": 15}
        adapter = self.folder / "adapter" / "adapter"
        # What goes on from an adapter, and learns nothing, is still another model than the one without.
        for name, options in (("whole", {}), ("adapter", {"lora_rank": 4}), ("again", {"lora_rank": 4, "adapter": adapter, "rate": 0.0})):
            with self.subTest(name):
                model = self.run_training("local", LOCAL, name, **learning | options)
                records = [json.loads(line) for line in model.with_name("golden.jsonl").read_text().splitlines()]
                self.assertEqual(len(records), golden.TEXTS)
                for record in records:
                    self.assertEqual((record["role"], record["location"], record["apart"]), ("local", 2, True))
                    self.assertEqual(record["draft"], {"steps": STEPS, "answer": "7"})
                prompt = f"{record['question']}\n{DRAFT}"
                self.assertEqual(greedy(model, prompt, record["tokens"]), record["text"])
                self.assertNotEqual(greedy(base, prompt, record["tokens"]), record["text"])
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            same = self.run_training("local", other, "same", model=base, rate=0.0)
        self.assertIn("none of 8 golden texts tells this model from the one that it was trained from", said.getvalue())
        records = [json.loads(line) for line in same.with_name("golden.jsonl").read_text().splitlines()]
        self.assertEqual([record["apart"] for record in records], [False] * golden.TEXTS)

    def test_a_writers_golden_text_ends_before_a_near_tie(self):
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        example = codec.writer(LOCAL)
        own = [target for target in example.targets if target >= 0]

        class Leading(torch.nn.Module):
            """Each token of the row is ahead of another one by so much."""

            device = "cpu"

            def __init__(self, leads: list[float]):
                super().__init__()
                self.leads = leads

            def forward(self, tokens):
                logits = torch.full((1, tokens.shape[1], len(codec.tokenizer)), -9.0)
                first = next(i for i, target in enumerate(example.targets) if target >= 0)
                for i, (token, lead) in enumerate(zip(own, self.leads, strict=True)):
                    logits[0, first + i, token] = lead
                    logits[0, first + i, codec.pad] = 0
                return SimpleNamespace(logits=logits)

        def texts(before: list[float], after: list[float]) -> list[tuple[str, int, bool]]:
            rest = len(own) - len(before)
            made = golden.Texts(codec, Leading(before + [5.0] * rest), "local", [LOCAL], 1000)
            found = made.of(Leading(after + [5.0] * (len(own) - len(after))))
            return [(one["text"], one["tokens"], one["apart"]) for one in found]

        whole = (LOCAL["completion"], len(own), True)
        self.assertEqual(texts([-5.0], []), [whole])
        # What the base nearly or also writes tells nothing.
        self.assertEqual(texts([-1.0], []), [whole[:2] + (False,)])
        begun = codec.tokenizer.decode(own[:2])
        self.assertEqual(texts([], [5.0, 5.0, 1.0]), [(begun, 2, False)])
        self.assertEqual(texts([5.0, 5.0, -5.0], [5.0, 5.0, 1.0]), [(begun, 2, False)])
        self.assertEqual(texts([-5.0], [1.0]), [])

    def test_reads_the_task_of_a_row(self):
        self.assertEqual(golden.task(f"{QUESTION}\n"), {"question": QUESTION})
        draft = {"question": QUESTION, "draft": {"steps": STEPS, "answer": "7"}}
        self.assertEqual(golden.task(LOCAL["prompt"]), {**draft, "location": 2})
        self.assertEqual(golden.task(LOCAL["prompt"].replace("[BAD]", "")), draft)
        cut = {"question": QUESTION, "draft": {"steps": STEPS[:1], "answer": None}, "location": 2}
        self.assertEqual(golden.task(f"{QUESTION}\n<|draft|>{STEPS[0]}\n[BAD]<|revision|>"), cut)

    def test_a_first_sorm_leaves_out_what_it_doubts(self):
        steps = ["Ann has 3+4=8.", "Ann has 8-1=7.", "#### 7"]
        data = self.data({"prompt": QUESTION, "completions": steps, "labels": [True, False, True]})
        rows = [json.loads(line) for line in Path(data).read_text().splitlines()]
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        model = AutoModelForCausalLM.from_pretrained(self.base).eval()

        def value(row: dict, labels: int) -> float:
            """Of the last of so many labels, asked for alone."""
            prefix = {name: row[name][:labels] for name in ("completions", "labels")}
            logits = model(torch.tensor([codec.reward(row | prefix).tokens])).logits[0, -1]
            return logits[[codec.plus, codec.minus]].softmax(-1)[0].item()

        firsts = sorted(value(row, 1) for row in rows)
        between = (firsts[3] + firsts[4]) / 2
        expected = []
        for row in rows:
            # The label of the second line is negative: it stays, and takes a first line without a label with it.
            first = [steps[0], steps[1]] if value(row, 1) >= between else [f"{steps[0]}\n{steps[1]}"]
            last = [steps[2]] if value(row, 3) >= between else []
            labels = [True, False, True][2 - len(first) : 2 + len(last)]
            expected.append({**row, "completions": first + last, "labels": labels})

        out = self.folder / "left.jsonl"
        doubt.main(["--model", str(self.base), "--data", data, "--out", str(out), "--batch", "3", "--doubt", str(between)])
        left = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual(left, expected)
        self.assertEqual(sum(row["completions"][0] == steps[0] for row in left), 4)
        # As far as it goes it is the same sequence.
        for row, kept in zip(rows, left, strict=True):
            whole, short = codec.reward(row), codec.reward(kept)
            self.assertEqual(short.tokens, whole.tokens[: len(short.tokens)])

    def test_refuses_to_doubt_all_that_there_is_to_learn(self):
        data = self.data({"prompt": QUESTION, "completions": ["#### 7"], "labels": [True]})
        out = self.folder / "left.jsonl"
        with self.assertRaisesRegex(SystemExit, "expected labels that are not doubted"):
            doubt.main(["--model", str(self.base), "--data", data, "--out", str(out), "--doubt", "0.999999"])
        self.assertFalse(out.exists())

    def test_counts_what_is_learned_and_refuses_an_empty_loss(self):
        with self.assertRaisesRegex(SystemExit, "there is nothing to learn from"):
            self.run_training("sorm", SORM, max_length=20)
        mask = json.loads((self.folder / "out" / "training.mask.json").read_text())
        self.assertEqual((mask["examples"], mask["targets"], mask["lostExamples"], mask["lostTargets"]), (0, 0, 8, 16))

    def test_refuses_data_of_another_format(self):
        with self.assertRaisesRegex(SystemExit, r"data\.jsonl:1: expected the field 'completions'"):
            self.run_training("sorm", LOCAL)

    def same(self, one: Path, other: Path) -> None:
        """Bit for bit."""
        first, second = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in (one, other)]
        for name, weight in first.items():
            self.assertTrue(torch.equal(second[name], weight), name)

    def told(self, *arguments, **options) -> tuple[Path, list[dict], list[str]]:
        """The model, the reports of its updates, and why its sequences were computed apart."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            model = self.run_training(*arguments, **options)
        lines = said.getvalue().splitlines()
        updates = [json.loads(line) for line in lines if line.startswith('{"update"')]
        return model, updates, [line for line in lines if line.startswith("sequences are computed apart")]

    def test_a_batch_that_shares_nothing_is_as_it_was(self):
        self.same(self.run_training("sorm", SORM, "trees"), self.run_training("sorm", SORM, "rows", no_trees=None))

    def test_trees_learn_what_separate_rows_do_and_compute_less(self):
        options = {"epochs": 2, "batch": 5, "together": None}
        trees, updates, why = self.told("sorm", SOLUTIONS, "trees", **options)
        self.assertEqual(why, [])
        rows, unshared, _ = self.told("sorm", SOLUTIONS, "rows", no_trees=None, **options)
        weights = [AutoModelForCausalLM.from_pretrained(model).state_dict() for model in (trees, rows, self.base)]
        for name, weight in weights[1].items():
            torch.testing.assert_close(weights[0][name], weight, atol=2e-4, rtol=0, msg=name)
        self.assertGreater((weights[0]["lm_head.weight"] - weights[2]["lm_head.weight"]).abs().max().item(), 1e-2)
        last, before = updates[-1], unshared[-1]
        self.assertEqual(last["read"], before["read"])
        # What 7 problems have in 2 epochs, by counting; each problem's batch begins anew.
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        learned, _ = train.split([codec.reward(json.loads(row)) for row in Path(self.data(*SOLUTIONS)).open()], 1)
        self.assertEqual(last["read"], 2 * sum(len(example.tokens) for example in learned))
        distinct = {(e.question, *e.tokens[: t + 1]) for e in learned for t in range(len(e.tokens))}
        self.assertEqual(last["computed"], 2 * len(distinct))

    def test_trees_of_whole_problems_go_on_from_a_checkpoint_with_the_same_bits(self):
        options = {"epochs": 2, "save_every": 3, "batch": 8, "together": None}
        whole = self.run_training("orm", SOLUTIONS, "whole", **options)
        parted = self.run_training("orm", SOLUTIONS, "parted", **options)
        shutil.rmtree(parted)
        states = sorted(parted.with_name("checkpoints").iterdir(), key=lambda state: int(state.name.split("-")[1]))
        shutil.rmtree(states[-1])
        self.assertEqual(len(states), 2)
        parted, updates, _ = self.told("orm", SOLUTIONS, "parted", **options)
        self.assertEqual(f"checkpoint-{updates[0]['update']}", states[0].name)
        self.same(whole, parted)
        with self.assertRaisesRegex(SystemExit, "expected the settings of this training"):
            self.run_training("orm", SOLUTIONS, "parted", **{name: v for name, v in options.items() if name != "together"})

    def test_a_model_with_a_window_has_separate_rows_and_says_so(self):
        size = len(AutoTokenizer.from_pretrained(BASE))
        config = Qwen2Config(vocab_size=size, **TINY, num_key_value_heads=1, use_sliding_window=True, sliding_window=16,
                             max_window_layers=1, max_position_embeddings=128)  # fmt: skip
        AutoModelForCausalLM.from_config(config).save_pretrained(self.base)
        options = {"batch": 5, "together": None}
        trees, _, why = self.told("sorm", SOLUTIONS, "trees", **options)
        rows, _, unsaid = self.told("sorm", SOLUTIONS, "rows", no_trees=None, **options)
        self.same(trees, rows)
        self.assertEqual((len(why), unsaid), (1, []))
        self.assertRegex(why[0], r"a layer sees 16 positions \(sliding_window\)")


class BatchesTest(unittest.TestCase):
    def model(self, config, attention: str = "sdpa"):
        torch.manual_seed(1)
        return AutoModelForCausalLM.from_config(config, attn_implementation=attention)

    def configs(self) -> list:
        common = {"vocab_size": len(AutoTokenizer.from_pretrained(BASE)), **TINY, "num_key_value_heads": 1}
        return [LlamaConfig(**common), Qwen2Config(**common)]

    def examples(self, codec: train.Codec) -> list[train.Example]:
        """In no order: a problem's samples, another problem's, a writer's rows, one of which has a draft."""
        other = [{**row, "prompt": "Zoë buys 9 shells. She eats 2. How many has Zoë?"} for row in SOLUTIONS[:3]]
        drafts = [LOCAL, {**LOCAL, "completion": "7.\n#### 7"}, {**LOCAL, "prompt": QUESTION}]
        examples = [*map(codec.reward, SOLUTIONS + other), *map(codec.writer, drafts)]
        random.Random(1).shuffle(examples)
        return examples

    def test_a_tree_has_each_prefix_once_and_a_position_sees_what_its_own_is_made_of(self):
        chance = random.Random(1)
        for _ in range(50):
            sequences = sorted([chance.randrange(3) for _ in range(chance.randrange(1, 7))] for _ in range(6))
            tree = batches.tree_of(sequences)
            prefix = {row: tuple(s[: t + 1]) for s, path in zip(sequences, tree.paths) for t, row in enumerate(path)}
            self.assertEqual(sorted(prefix.values()), sorted({tuple(s[: t + 1]) for s in sequences for t in range(len(s))}))
            self.assertEqual([(p[-1], len(p) - 1) for _, p in sorted(prefix.items())], [*zip(tree.tokens, tree.positions)])
            size = len(tree.tokens)
            seen = [[prefix[i][: len(prefix[j])] == prefix[j] for j in range(size)] for i in range(size)]
            padded = batches.seen_in(tree, size + 2)
            self.assertEqual(padded[:size, :size].tolist(), seen)
            self.assertEqual(padded.nonzero()[-2:].tolist(), [[size, size], [size + 1, size + 1]])

    def test_loss_and_gradients_are_those_of_separate_rows(self):
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        examples = self.examples(codec)
        for config in self.configs():
            for attention in ("sdpa", "eager"):
                for lora in (False, True):
                    model = self.model(config, attention)
                    if lora:
                        model = train.with_lora(model, [5, 6], 4)
                        for name, weights in model.named_parameters():
                            # As it is drawn one half of it is 0, and so are the other's gradients.
                            if "lora_B" in name:
                                torch.nn.init.normal_(weights, std=0.1)
                    trees = batches.Trees(codec.batch, model)
                    families = batches.families_of(examples)
                    self.assertLess(len(families), len(examples))
                    with self.subTest(model=config.model_type, attention=attention, lora=lora):
                        expected = self.learned(model, codec.batch(examples))
                        for batch in (trees(examples), trees.packed([examples]), trees.packed(families)):
                            self.assertLess(batch["input_ids"].numel(), sum(len(example.tokens) for example in examples))
                            torch.testing.assert_close(self.learned(model, batch), expected, atol=1e-5, rtol=1e-5)

    def learned(self, model, batch: batches.Batch) -> dict[str, torch.Tensor]:
        """The loss, and the gradient of each weight that learns."""
        model.zero_grad()
        loss, _ = train.loss_of(model, batch)
        loss.backward()
        found = {name: weights.grad.clone() for name, weights in model.named_parameters() if weights.requires_grad}
        self.assertTrue(all(gradient.abs().max() > 1e-4 for gradient in found.values()))
        return {"loss": loss.detach(), **found}

    def test_rows_are_as_many_as_are_cheapest_and_separate_where_these_are(self):
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        examples = self.examples(codec)
        trees = batches.Trees(codec.batch, self.model(self.configs()[0]))
        families = batches.families_of(examples)
        shapes = set()
        for reach in (0, 30, 100, 300, 1000, 1e6):
            trees.reach = reach
            made = trees(examples)["input_ids"].shape
            shapes.add(made)
            one = (1, sum(map(batches.size_of, families)))
            apart = (len(families), max(map(batches.size_of, families)))
            separate = tuple(codec.batch(examples)["input_ids"].shape)
            self.assertLessEqual(trees.cost(*made), min(trees.cost(*shape) for shape in (one, apart, separate)))
        self.assertGreater(len(shapes), 1)
        # Long sequences that share little: in one row each would be masked from most of it.
        long = [train.Example([*range(16), *[20 + i] * 30], [-1] * 46, "") for i in range(20)]
        trees.reach = 0
        self.assertEqual(trees(long)["input_ids"].shape, (20, 46))
        trees.reach = 1e5
        self.assertEqual(trees(long)["input_ids"].shape, (1, 616))
        # One sequence is shared with none.
        alone = [family[0] for family in families]
        batch, expected = trees(alone), codec.batch(alone)
        self.assertEqual(batch.keys(), expected.keys())
        self.assertTrue(all(torch.equal(batch[name], table) for name, table in expected.items()))

    def test_says_why_a_model_reads_no_trees(self):
        codec = train.Codec(AutoTokenizer.from_pretrained(BASE))
        for config in self.configs():
            for attention in ("sdpa", "eager"):
                for dtype in (torch.float32, torch.bfloat16):
                    model = self.model(config, attention).to(dtype)
                    self.assertIsNone(batches.why_apart(model, batches.Trees(codec.batch, model), 128))
        recurrent = self.model(MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2), "eager")
        why = batches.why_apart(recurrent, batches.Trees(codec.batch, recurrent), 128)
        self.assertRegex(why, "the model (does not take them|says something else of them)")
        # One that reads a mask of its own making: what comes before, whichever sequence it is of.
        model = self.model(self.configs()[0])
        forward = model.forward
        model.forward = lambda attention_mask, **inputs: forward(**inputs)
        self.assertRegex(batches.why_apart(model, batches.Trees(codec.batch, model), 128), "says something else of them")
        flash = self.model(self.configs()[0])
        flash.config._attn_implementation = "flash_attention_2"
        self.assertRegex(batches.why_apart(flash, batches.Trees(codec.batch, flash), 128), "'flash_attention_2' takes no mask")
        trainer = {"is_fsdp_enabled": False, "is_deepspeed_enabled": False, "args": SimpleNamespace(n_gpu=1)}
        self.assertIsNone(train.untried(SimpleNamespace(**trainer)))
        self.assertRegex(train.untried(SimpleNamespace(**trainer | {"is_fsdp_enabled": True})), "FSDP")

    def test_whole_problems_are_in_one_batch_in_an_order_of_seed_and_epoch(self):
        problems = [f"p{i % 13}" for i in range(60)]

        def order(seed: int, epoch: int) -> list[int]:
            return list(batches.WholeProblems(problems, 10, seed, lambda: epoch))

        first = order(1, 0)
        self.assertEqual(sorted(first), list(range(60)))
        self.assertEqual(order(1, 0), first)
        for other in (order(1, 1), order(2, 0)):
            self.assertNotEqual(other, first)
            self.assertEqual(sorted(other), list(range(60)))
        # Problems of 4 and 5 examples fill batches of 10 in pairs, so few are cut.
        where = {problem: {first.index(i) // 10 for i, p in enumerate(problems) if p == problem} for problem in problems}
        self.assertGreaterEqual(sum(len(found) == 1 for found in where.values()), 9)
        # What does not fit waits for a batch in which it does; where nothing does, the first that waits is cut.
        self.assertEqual(batches.filled([[1, 2, 3], [4, 5], [6], [7]], 4), [1, 2, 3, 6, 4, 5, 7])
        self.assertEqual(batches.filled([[1, 2, 3], [4, 5, 6]], 4), [1, 2, 3, 4, 5, 6])
        self.assertEqual(batches.filled([[1, 2, 3, 4, 5], [6]], 4), [6, 1, 2, 3, 4, 5])


if __name__ == "__main__":
    unittest.main()
