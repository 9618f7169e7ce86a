"""The `gguf` package's and transformers' side of importing GGUF files; JSON lines in and out."""

import base64
import hashlib
import importlib.metadata
import json
import os
import sys
import time

import gguf
import numpy as np
import torch
import transformers


def decode(request):
    """Blocks of a type as float32: base64 in, base64 out."""
    blocks = np.frombuffer(base64.b64decode(request["blocks"]), dtype=np.uint8).reshape(1, -1)
    with np.errstate(all="ignore"):
        found = gguf.dequantize(blocks, gguf.GGMLQuantizationType(request["type"]))
    return {"numbers": base64.b64encode(found.astype("<f4").tobytes()).decode()}


def tensors(request):
    """The SHA-256 of each tensor of a file as float32."""
    found = {}
    for tensor in gguf.GGUFReader(request["file"]).tensors:
        numbers = gguf.dequantize(tensor.data, tensor.tensor_type).astype("<f4", copy=False)
        found[tensor.name] = hashlib.sha256(np.ascontiguousarray(numbers).tobytes()).hexdigest()
    return found


def place(request):
    folder, name = os.path.split(request["file"])
    return (folder or ".", {"gguf_file": name}) if request.get("gguf") else (request["file"], {})


@torch.no_grad()
def compute(request):
    """Logits [T, V] of each list of tokens into files of float32, and greedy continuations of prompts."""
    path, where = place(request)
    started = time.time()
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, **where)
    model.eval()
    loaded = time.time() - started
    for i, tokens in enumerate(request["tokens"]):
        model(torch.tensor([tokens])).logits[0].numpy().astype("<f4").tofile(f"{request['into']}.{i}")
    greedy = []
    for prompt in request.get("prompts", []):
        tokens = torch.tensor([prompt])
        out = model.generate(
            tokens, attention_mask=torch.ones_like(tokens), do_sample=False, max_new_tokens=request["new"], pad_token_id=0
        )
        greedy.append(out[0, len(prompt) :].tolist())
    return {"seconds": loaded, "greedy": greedy}


def encode(request):
    """Ids of each text, without and with what the tokenizer puts around it, and its text again."""
    path, where = place(request)
    if where:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, **where)
    else:
        # The folder's own tokenizer.json: for Qwen2 AutoTokenizer would put Qwen's rules in the place of the file's.
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(path)
    plain = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in request["texts"]]
    around = [tokenizer(text)["input_ids"] for text in request["texts"][:3]]
    chat = None
    if tokenizer.chat_template:
        messages = [{"role": "user", "content": "What is 12 + 30?"}]
        chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return {"ids": plain, "around": around, "texts": [tokenizer.decode(ids) for ids in plain], "chat": chat}


def versions(_):
    return {"gguf": importlib.metadata.version("gguf"), "transformers": transformers.__version__}


# Threads that wait for each other on a busy machine take minutes for seconds.
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
actions = {"decode": decode, "tensors": tensors, "compute": compute, "encode": encode, "versions": versions}
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(actions[request["do"]](request)), flush=True)
