"""python -m unittest discover trainers/hf: trains tiny random Llamas for a few updates; needs npm run build."""

import contextlib
import io
import json
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import doubt
import torch
import train
from peft import PeftModel
from safetensors import safe_open
from tokenizers import Tokenizer, models
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "checkpoints" / "base"
QUESTION = "Ann has 3 shells. Ann buys 4. How many has Ann?"
STEPS = ["Ann has 3+4=8.", "Zoë has 8-1=7."]
SORM = {"prompt": QUESTION, "completions": ["Ann has 3+4=8.\nZoë has 8-1=7.", "#### 7"], "labels": [False, True]}
DRAFT = f"<|draft|>{STEPS[0]}\n[BAD]{STEPS[1]}\n#### 7\n<|revision|>"
LOCAL = {"prompt": f"{QUESTION}\n{DRAFT}", "completion": "9.\n#### 9"}

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

    def data(self, row: dict, count: int = 8) -> str:
        """Rows on different questions: some are held out."""
        path = self.folder / "data.jsonl"
        rows = [{**row, "prompt": f"{i} {row['prompt']}"} for i in range(count)]
        path.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
        return str(path)

    def run_training(self, role: str, row: dict, out: str = "out", **options) -> Path:
        arguments = {"role": role, "model": self.base, "data": self.data(row), "out": self.folder / out}
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


if __name__ == "__main__":
    unittest.main()
