"""transformers' side of the comparison, in float32: logits, greedy text, and folders of its own; JSON lines in and out."""

import json
import sys

import torch
import transformers


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def open_tokenizer(folder):
    """The folder's own tokenizer.json: for Qwen2 AutoTokenizer would put Qwen's rules in the place of the file's."""
    auto = transformers.AutoConfig.from_pretrained(folder).model_type != "qwen2"
    return (transformers.AutoTokenizer if auto else transformers.PreTrainedTokenizerFast).from_pretrained(folder)


def save(request):
    """Writes random weights in a number format, in shards of at most `shard`, with the tokenizer of another folder."""
    torch.manual_seed(request["seed"])
    settings = request["config"] | {"initializer_range": 0.24}
    config = transformers.AutoConfig.for_model(settings.pop("model_type"), **settings)
    model = transformers.AutoModelForCausalLM.from_config(config)
    for name, parameter in model.named_parameters():
        if "norm" in name or "bias" in name:
            parameter.data += 0.1 * torch.randn_like(parameter)
    model.to(getattr(torch, request["dtype"])).save_pretrained(request["folder"], max_shard_size=request["shard"])
    open_tokenizer(request["tokenizer"]).save_pretrained(request["folder"])
    return {}


@torch.no_grad()
def compute(request):
    """Logits of each list of `tokens`, and the greedy continuation of `text` as ids and text (special tokens spelt)."""
    # A model anew for each, since dynamic positions remember the longest sequence so far.
    reply = {"logits": [load(request["folder"])(torch.tensor([t])).logits[0].flatten().tolist() for t in request["tokens"]]}
    model = load(request["folder"])
    if "text" in request:
        tokenizer = open_tokenizer(request["folder"])
        prompt = tokenizer(request["text"], return_tensors="pt", add_special_tokens=False)
        found = greedy(model, prompt["input_ids"], request["new"])
        reply |= {"prompt": prompt["input_ids"][0].tolist(), "greedy": found, "text": tokenizer.decode(found)}
    else:
        reply |= {"greedy": greedy(model, torch.tensor(request["tokens"][:1]), request["new"])}
    return reply


def save_adapter(request):
    """Writes a PEFT adapter with random weights on the model of another folder."""
    import peft

    torch.manual_seed(request["seed"])
    model = peft.get_peft_model(load(request["folder"]), peft.LoraConfig(task_type="CAUSAL_LM", **request["adapter"]))
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = 0.2 * torch.randn_like(parameter)
    model.save_pretrained(request["target"])
    return {}


@torch.no_grad()
def compute_adapted(request):
    """Logits of `tokens` with an adapter on the model of a folder."""
    import peft

    model = peft.PeftModel.from_pretrained(load(request["folder"]), request["adapter"]).eval()
    return {"logits": model(torch.tensor([request["tokens"]])).logits[0].flatten().tolist()}


def greedy(model, prompt, new):
    found = model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=new)
    return found[0, prompt.shape[1] :].tolist()


def versions(_):
    return {"torch": torch.__version__, "transformers": transformers.__version__}


# Threads that wait for each other only slow such small models down.
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
actions = {
    "save": save,
    "compute": compute,
    "save adapter": save_adapter,
    "compute adapted": compute_adapted,
    "versions": versions,
}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(actions[request["do"]](request)), flush=True)
