"""Published reward models as tiny random checkpoints of the same classes, and what their model cards' own code says of solutions.

Reads JSON lines, answers with JSON lines: {"do": "make", "kind", "folder"} writes a checkpoint, {"do": "values", "kind", "folder",
"question", "steps"} gives the value of each step as the card computes it, with transformers in float32.
"""

import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
    Qwen2Model,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    set_seed,
)
from transformers.utils import logging

torch.set_num_threads(1)
logging.disable_progress_bar()
BOXED = "Please reason step by step, and put your final answer within \\boxed{}."

# What tokenizers are trained on: words of the problems, signs, and what prompts and labels are made of.
TEXTS = [
    "Mia has 37 stamps. She buys 15 more. How many stamps does she have?\nStep 1: She has 37 + 15 = 52 stamps.\n",
    "A box has 6 pens. How many pens do 7 boxes have?\n\nThe answer is 42. The final answer is \\boxed{42}.",
    "Yes No yes no + - correct incorrect \\boxed{correct} Is the solution correct? Judgement Paragraph analyze output",
]

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
HEADERS = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
WORDS = Regex(r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_level(specials, template, bos=None, eos=None):
    """A byte-level BPE, as Qwen's and Llama 3's are."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(WORDS, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=specials, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, pad_token=eos)
    fast.chat_template = template
    return fast


def qwen_tokenizer(bos=None):
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>", "<|vision_start|>"]
    return byte_level(specials, CHATML, bos=bos, eos="<|im_end|>")


def llama3_tokenizer():
    specials = ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    return byte_level(specials, HEADERS, bos="<|begin_of_text|>", eos="<|eot_id|>")


def sentencepiece_tokenizer():
    """Words begin with their space, and bytes stand for what is unknown, as in Llama 2's and Mistral's."""
    letters = sorted({letter for text in TEXTS for letter in text} - {" "})
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    pieces += ["▁", "ки", "▁ки", "▁+", "▁-", "к", "и", "▁к"] + letters
    words = ["St", "ep", "Step", "▁Step"]
    merges = [("к", "и"), ("▁", "ки"), ("▁", "+"), ("▁", "-"), ("S", "t"), ("e", "p"), ("St", "ep"), ("▁", "Step")]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces + words))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(one, special=True) for one in ["<unk>", "<s>", "</s>"]])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", vocabulary["<s>"])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>"
    )


SHAPE = dict(
    # vLLM's CPU attention has no heads of less than 32.
    hidden_size=128,
    intermediate_size=192,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=2048,
    initializer_range=0.1,
)


def shape_for(tokenizer):
    return dict(
        SHAPE,
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


SOLVED = [
    ("Mia has 37 stamps. She buys 15 more. How many stamps does she have?", "She has 37 + 15 = 52 stamps."),
    ("A box has 6 pens. How many pens do 7 boxes have?", "7 - 6 = 1"),
    ("How many legs do 3 cats and a man have?", "Cats: 3 * 4 = 12 legs"),
    ("Is 1 + 1 two?", "The answer is yes"),
]


def labelled(model, ids, prompts):
    """Random weights with which the labels are likely where they belong, as after training: the head answers what the states
    after such prompts have in common with the labels, and what they have not in common with one or the other."""
    with torch.inference_mode():
        states = torch.stack([model.model(torch.tensor([prompt])).last_hidden_state[0, -1] for prompt in prompts])
    with torch.no_grad():
        mean = states.mean(0)
        head = model.get_output_embeddings().weight
        head.normal_(0, 0.02)
        for i in ids:
            own = 0.2 * torch.randn(model.config.hidden_size)
            head[i] = 8 * mean / mean.dot(mean) + own - own.dot(mean) * mean / mean.dot(mean)
    return model


def asked_in(tokenizer, conversation):
    text = tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(text, add_special_tokens=False)


class RewardHead(torch.nn.Module):
    """Qwen2ForRewardModel and Qwen2ForProcessRewardModel: two layers on the last hidden states (modeling_qwen2_rm.py)."""

    def __init__(self, config, outputs):
        super().__init__()
        self.model = Qwen2Model(config)
        width = config.hidden_size
        self.score = torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Linear(width, outputs)
        )

    def forward(self, ids):
        return self.score(self.model(ids).last_hidden_state)


class ValueHead(torch.nn.Module):
    """Skywork's PRM_MODEL: a causal model with one value for each token (skywork-o1-prm-inference, prm_model.py)."""

    def __init__(self, config):
        super().__init__()
        self.pretrained_model = Qwen2ForCausalLM(config)
        self.summary = torch.nn.Linear(config.hidden_size, 1)

    def forward(self, ids):
        hidden = self.pretrained_model(ids, output_hidden_states=True).hidden_states[-1]
        return torch.sigmoid(self.summary(hidden).squeeze(-1))


def save(folder, config, tensors, architecture, tokenizer, **more):
    os.makedirs(folder, exist_ok=True)
    tokenizer.save_pretrained(folder)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, f"{folder}/model.safetensors", {"format": "pt"})
    described = dict(config.to_dict(), architectures=[architecture], **more)
    with open(f"{folder}/config.json", "w") as file:
        json.dump(described, file, indent=2, default=str)


def make(kind, folder):
    set_seed(7)
    if kind in ("qwen2.5-math-prm", "qwen2.5-math-rm"):
        outputs = 2 if kind.endswith("prm") else 1
        tokenizer = qwen_tokenizer()
        config = Qwen2Config(**shape_for(tokenizer))
        head = RewardHead(config, outputs)
        for layer in (head.score[0], head.score[2]):
            torch.nn.init.normal_(layer.weight, 0, 0.12)
        architecture = "Qwen2ForProcessRewardModel" if outputs == 2 else "Qwen2ForRewardModel"
        save(folder, config, head.state_dict(), architecture, tokenizer)
    elif kind == "skywork-o1-open-prm":
        tokenizer = qwen_tokenizer(bos="<|im_start|>")
        config = Qwen2Config(**shape_for(tokenizer), tie_word_embeddings=False)
        model = ValueHead(config)
        torch.nn.init.normal_(model.summary.weight, 0, 0.12)
        tensors = {name: tensor.clone() for name, tensor in model.pretrained_model.state_dict().items()}
        tensors |= {f"v_head.summary.{name}": tensor for name, tensor in model.summary.state_dict().items()}
        save(folder, config, tensors, "Qwen2ForPrmModel", tokenizer)
    elif kind == "math-shepherd":
        tokenizer = sentencepiece_tokenizer()
        ids = tokenizer.encode("+ -")[1:]
        prompts = [tokenizer.encode(f"{question} Step 1: {step} ки") for question, step in SOLVED]
        labelled(LlamaForCausalLM(LlamaConfig(**shape_for(tokenizer))), ids, prompts).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    elif kind in ("rlhflow-prm", "rlhflow-orm"):
        tokenizer = llama3_tokenizer()
        ids = [tokenizer.encode(sign)[-1] for sign in "+-"]
        prompts = [asked_in(tokenizer, [{"role": "user", "content": " ".join(solved)}]) for solved in SOLVED]
        labelled(LlamaForCausalLM(LlamaConfig(**shape_for(tokenizer))), ids, prompts).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    elif kind == "classifier":
        tokenizer = qwen_tokenizer()
        config = Qwen3Config(**shape_for(tokenizer), head_dim=32, num_labels=1)
        model = Qwen3ForSequenceClassification(config)
        torch.nn.init.normal_(model.score.weight, 0, 0.15)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    elif kind == "trl":
        tokenizer = qwen_tokenizer()
        model = Qwen2ForTokenClassification(Qwen2Config(**shape_for(tokenizer), num_labels=2))
        torch.nn.init.normal_(model.score.weight, 0, 0.12)
        torch.nn.init.normal_(model.score.bias, 0, 0.3)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    elif kind in ("thinkprm", "genprm"):
        tokenizer = qwen_tokenizer()
        ids = [tokenizer.encode(label)[0] for label in (" Yes", " No", "Yes", "No")]
        endings = ("\nIs the solution correct?", "</analyze>\n<output>\n**Judgement**: $\\boxed{")
        prompts = [
            asked_in(tokenizer, [{"role": "user", "content": " ".join(solved)}]) + tokenizer.encode(ending)
            for solved in SOLVED
            for ending in endings
        ]
        labelled(Qwen2ForCausalLM(Qwen2Config(**shape_for(tokenizer))), ids, prompts).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    else:
        raise ValueError(kind)
    return {}


def convert(folder, to):
    """Skywork's weights under the names of Qwen2ForSequenceClassification, whose one output is the same value."""
    tensors = load_file(f"{folder}/model.safetensors")
    renamed = {name.replace("v_head.summary.", "score."): tensor for name, tensor in tensors.items() if name != "lm_head.weight"}
    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    config |= {"architectures": ["Qwen2ForSequenceClassification"], "num_labels": 1, "id2label": {"0": "LABEL_0"}}
    os.makedirs(to, exist_ok=True)
    AutoTokenizer.from_pretrained(folder).save_pretrained(to)
    save_file(renamed, f"{to}/model.safetensors", {"format": "pt"})
    with open(f"{to}/config.json", "w") as file:
        json.dump(config, file, indent=2)
    return {}


def chat_of(question, text):
    return [
        {"role": "system", "content": BOXED},
        {"role": "user", "content": question},
        {"role": "assistant", "content": text},
    ]


loaded = {}


def model_of(folder, load):
    if folder not in loaded:
        loaded.clear()
        loaded[folder] = (load().float().eval(), AutoTokenizer.from_pretrained(folder))
    return loaded[folder]


def with_tensors(model, tensors):
    model.load_state_dict(tensors)
    return model


def config_of(folder):
    return Qwen2Config.from_pretrained(folder)


@torch.inference_mode()
def values(kind, folder, question, steps):
    """The card's code, in this project's words, without its batches and devices."""
    if kind == "qwen2.5-math-prm":
        model, tokenizer = model_of(
            folder, lambda: with_tensors(RewardHead(config_of(folder), 2), load_file(f"{folder}/model.safetensors"))
        )
        chat = chat_of(question, "<extra_0>".join(steps) + "<extra_0>")
        text = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=False)
        ids = tokenizer.encode(text, return_tensors="pt")
        mark = tokenizer.encode("<extra_0>")[0]
        return model(ids)[0].softmax(-1)[ids[0] == mark][:, 1].tolist()
    if kind == "qwen2.5-math-rm":
        model, tokenizer = model_of(
            folder, lambda: with_tensors(RewardHead(config_of(folder), 1), load_file(f"{folder}/model.safetensors"))
        )
        text = tokenizer.apply_chat_template(chat_of(question, "\n\n".join(steps)), tokenize=False)
        ids = tokenizer.encode(text, return_tensors="pt", add_special_tokens=False)
        return [torch.sigmoid(model(ids)[0, -1, 0]).item()]
    if kind == "skywork-o1-open-prm":

        def load():
            model = ValueHead(config_of(folder))
            names = {"v_head.summary.weight": "summary.weight", "v_head.summary.bias": "summary.bias"}
            tensors = load_file(f"{folder}/model.safetensors")
            return with_tensors(model, {names.get(name, f"pretrained_model.{name}"): one for name, one in tensors.items()})

        model, tokenizer = model_of(folder, load)
        ids = tokenizer.encode(tokenizer.bos_token + question + "\n")
        end = tokenizer.encode("\n")[-1]
        places = []
        for step in steps:
            ids += tokenizer.encode(step) + [end]
            places.append(len(ids) - 1)
        return model(torch.tensor([ids]))[0, places].tolist()
    if kind == "math-shepherd":
        model, tokenizer = model_of(folder, lambda: AutoModelForCausalLM.from_pretrained(folder))
        labels = tokenizer.encode("+ -")[1:]
        mark = tokenizer.encode("ки")[-1]
        output = "\n".join(f"Step {i + 1}: {step} ки" for i, step in enumerate(steps))
        ids = torch.tensor([tokenizer.encode(f"{question} {output}")])
        return model(ids).logits[0][:, labels].softmax(-1)[ids[0] == mark][:, 0].tolist()
    if kind in ("rlhflow-prm", "rlhflow-orm"):
        model, tokenizer = model_of(folder, lambda: AutoModelForCausalLM.from_pretrained(folder))
        labels = [tokenizer.encode(sign)[-1] for sign in "+-"]
        turns = steps if kind == "rlhflow-prm" else ["\n\n".join(steps)]
        conversation, found = [], []
        for i, step in enumerate(turns):
            conversation.append({"role": "user", "content": f"{question} {step}" if i == 0 else step})
            conversation.append({"role": "assistant", "content": "+"})
            ids = tokenizer.apply_chat_template(conversation, return_tensors="pt", return_dict=True)["input_ids"]
            # The sign, and the token that ends the turn, come last.
            found.append(model(ids).logits[0, -3, labels].softmax(-1)[0].item())
        return found
    if kind == "classifier":
        model, tokenizer = model_of(folder, lambda: AutoModelForSequenceClassification.from_pretrained(folder))
        chat = chat_of(question, "\n".join(steps))[1:]
        text = tokenizer.apply_chat_template(chat, tokenize=False)
        return [torch.sigmoid(model(tokenizer.encode(text, return_tensors="pt")).logits[0, 0]).item()]
    if kind == "trl":
        # As trl.PRMTrainer tokenises: prompt, steps and separators apart; the label is at the separator's last token.
        model, tokenizer = model_of(folder, lambda: AutoModelForTokenClassification.from_pretrained(folder))
        ids = tokenizer.encode(question + "\n")
        end = tokenizer.encode("\n")
        places = []
        for step in steps:
            ids += tokenizer.encode(step) + end
            places.append(len(ids) - 1)
        return model(torch.tensor([ids])).logits[0].softmax(-1)[places, 1].tolist()
    if kind in ("thinkprm", "genprm"):
        return judged(kind, folder, question, steps)
    raise ValueError(kind)


def next_yes(model, ids, tokenizer):
    """p(Yes) / (p(Yes) + p(No)) of the next token, over the spellings of both."""
    chances = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
    sums = []
    for labels in (("Yes", " Yes", "yes", " yes"), ("No", " No", "no", " no")):
        pieces = {tuple(tokenizer.encode(label)) for label in labels}
        sums.append(sum(chances[piece[0]].item() for piece in pieces if len(piece) == 1))
    return sums[0] / sum(sums)


def written(model, tokenizer, text, until, most):
    """Greedy, up to the first of some texts."""
    ids = tokenizer.encode(text)
    start = len(ids)
    while len(ids) - start < most:
        following = model(torch.tensor([ids])).logits[0, -1].argmax().item()
        if following == tokenizer.eos_token_id:
            break
        ids.append(following)
        so_far = tokenizer.decode(ids[start:], skip_special_tokens=True)
        for end in until:
            if end in so_far:
                return so_far[: so_far.index(end)]
    return tokenizer.decode(ids[start:], skip_special_tokens=True)


def judged(kind, folder, question, steps, most=24):
    model, tokenizer = model_of(folder, lambda: AutoModelForCausalLM.from_pretrained(folder))

    def opened(chat):
        return tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)

    if kind == "thinkprm":
        solution = "\n".join(f"Step {i + 1}: {step}" for i, step in enumerate(steps))
        user = (
            "You are given a math problem and a proposed step-by-step solution:\n\n[Math Problem]\n\n"
            f"{question}\n\n[Solution]\n\n{solution}\n\nReview and critique each step in the proposed solution to "
            "determine whether each step is correct. If the solution is incomplete, only verify the provided steps."
        )
        text = opened([{"role": "user", "content": user}]) + "\nLet's verify step by step:"
        text += written(model, tokenizer, text, ["Is the solution correct?", "</think>"], most).rstrip()
        text += "\nIs the solution correct?"
        return [next_yes(model, tokenizer.encode(text), tokenizer)]
    system = "You are a math teacher. Your task is to review and critique the paragraphs in solution step by step."
    chat, found = [{"role": "system", "content": system}], []
    for i, step in enumerate(steps):
        chat.append({"role": "user", "content": f"Question: {question}\n\n{step}" if i == 0 else step})
        begun = f"<analyze>\nLet's analyze the Paragraph {i + 1} step by step: "
        begun += written(model, tokenizer, opened(chat) + begun, ["</analyze>"], most).rstrip()
        begun += "</analyze>\n<output>\n**Judgement**: $\\boxed{"
        found.append(next_yes(model, tokenizer.encode(opened(chat) + begun), tokenizer))
        verdict = "Yes" if found[-1] >= 0.5 else "No"
        chat.append({"role": "assistant", "content": begun + verdict + "}$\n</output>\n"})
    return found


commands = {"make": make, "convert": convert, "values": lambda **asked: {"values": values(**asked)}}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(commands[asked.pop("do")](**asked)), flush=True)
