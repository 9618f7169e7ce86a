"""transformers' side of the comparison, in float32: logits, greedy text, and folders of its own; JSON lines in and out."""

import json
import sys

import torch
import transformers


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def save(request):
    """Writes random weights in a number format, in shards of at most `shard`, with the tokenizer of another folder."""
    torch.manual_seed(request["seed"])
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**request["config"] | {"initializer_range": 0.24}))
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data += 0.1 * torch.randn_like(parameter)
    model.to(getattr(torch, request["dtype"])).save_pretrained(request["folder"], max_shard_size=request["shard"])
    transformers.AutoTokenizer.from_pretrained(request["tokenizer"]).save_pretrained(request["folder"])
    return {}


@torch.no_grad()
def compute(request):
    """Logits of `tokens`, and the greedy continuation of `text` as ids and text (special tokens spelt)."""
    model = load(request["folder"])
    reply = {"logits": model(torch.tensor([request["tokens"]])).logits[0].flatten().tolist()}
    if "text" in request:
        tokenizer = transformers.AutoTokenizer.from_pretrained(request["folder"])
        prompt = tokenizer(request["text"], return_tensors="pt", add_special_tokens=False)
        found = greedy(model, prompt["input_ids"], request["new"])
        reply |= {"prompt": prompt["input_ids"][0].tolist(), "greedy": found, "text": tokenizer.decode(found)}
    else:
        reply |= {"greedy": greedy(model, torch.tensor([request["tokens"]]), request["new"])}
    return reply


def greedy(model, prompt, new):
    found = model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=new)
    return found[0, prompt.shape[1] :].tolist()


def versions(_):
    return {"torch": torch.__version__, "transformers": transformers.__version__}


transformers.utils.logging.disable_progress_bar()
actions = {"save": save, "compute": compute, "versions": versions}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(actions[request["do"]](request)), flush=True)
