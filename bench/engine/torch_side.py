"""PyTorch's side of the benchmark: the same Llama from transformers, eager, float32; JSON lines in and out."""

import json
import sys
import time

import torch
import transformers


def open_model(request):
    torch.set_num_threads(request["workers"])
    torch.manual_seed(1)
    config = transformers.LlamaConfig(**request["config"])
    model = transformers.LlamaForCausalLM(config)
    model.generation_config.eos_token_id = None
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    batch, rows, sequence = request["batch"], request["workers"] * request["rows"], request["sequence"]
    half = sequence // 2

    def tokens(*shape):
        return torch.randint(config.vocab_size, shape)

    examples = tokens(batch, sequence)

    def train():
        model.train()
        model(input_ids=examples, labels=examples).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return examples.numel()

    @torch.no_grad()
    def sample(new=half):
        model.eval()
        prompts = tokens(rows, half)
        found = model.generate(
            prompts,
            attention_mask=torch.ones_like(prompts),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_new_tokens=new,
            pad_token_id=0,
        )
        return found[:, half:].numel()

    @torch.no_grad()
    def score():
        model.eval()
        hidden = model.model(input_ids=tokens(rows, sequence)).last_hidden_state[:, 7::8]
        torch.log_softmax(model.lm_head(hidden), -1)[..., [1, 2]].tolist()
        return rows * sequence

    train()
    sample(2)
    score()
    return {"train": train, "sample": sample, "score": score}


units = {}
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "open":
        units = open_model(request)
        reply = {"torch": torch.__version__, "transformers": transformers.__version__}
    else:
        start = time.perf_counter()
        tokens = 0
        while tokens == 0 or time.perf_counter() - start < request["seconds"]:
            tokens += units[request["do"]]()
        reply = {"rate": tokens / (time.perf_counter() - start)}
    print(json.dumps(reply), flush=True)
