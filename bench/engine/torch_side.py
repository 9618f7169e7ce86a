"""
PyTorch's side of the benchmark on the folder of the engine's own model, float32; JSON lines in and out.

Training: transformers' Llama with AdamW, eager and under torch.compile. Sampling: transformers' generate, and a loop
written by hand with a static key-value cache, which is what a careful user would write. Scoring: one forward pass.
"""

import json
import resource
import sys
import time

import peft
import torch
import torch.nn.functional as F
import transformers

# As in ours.mjs.
TEMPERATURE = 0.7


class StaticSampler:
    """Samples from a Llama's weights with keys and values in buffers made once: [rows, kv heads, positions, D]."""

    def __init__(self, model, rows, positions):
        config = model.config
        self.weights = {name: value.detach() for name, value in model.named_parameters()}
        self.layers, self.epsilon = config.num_hidden_layers, config.rms_norm_eps
        self.heads, self.kv_heads, self.size = config.num_attention_heads, config.num_key_value_heads, config.head_dim
        shape = (self.layers, 2, rows, self.kv_heads, positions, self.size)
        self.cache = torch.zeros(shape)
        steps = config.rope_parameters["rope_theta"] ** (-torch.arange(0, self.size, 2).float() / self.size)
        angles = torch.outer(torch.arange(positions).float(), steps).repeat(1, 2)
        self.cosine, self.sine = angles.cos(), angles.sin()
        self.head = self.weights.get("lm_head.weight", self.weights["model.embed_tokens.weight"])

    def rotate(self, x, start, end):
        first, second = x.chunk(2, -1)
        return x * self.cosine[start:end] + torch.cat((-second, first), -1) * self.sine[start:end]

    def logits(self, tokens, start):
        """Logits [rows, V] after tokens [rows, time] at positions from `start` on; their keys and values are kept."""
        rows, time = tokens.shape
        end = start + time
        norm = lambda x, name: F.rms_norm(x, x.shape[-1:], self.weights[name], self.epsilon)
        x = self.weights["model.embed_tokens.weight"][tokens]
        for layer in range(self.layers):
            weight = lambda name: self.weights[f"model.layers.{layer}.{name}.weight"]
            linear = lambda x, name: F.linear(x, weight(name))
            heads = lambda x, count: x.view(rows, time, count, self.size).transpose(1, 2)
            normal = norm(x, f"model.layers.{layer}.input_layernorm.weight")
            query = self.rotate(heads(linear(normal, "self_attn.q_proj"), self.heads), start, end)
            keys, values = self.cache[layer]
            keys[:, :, start:end] = self.rotate(heads(linear(normal, "self_attn.k_proj"), self.kv_heads), start, end)
            values[:, :, start:end] = heads(linear(normal, "self_attn.v_proj"), self.kv_heads)
            mixed = F.scaled_dot_product_attention(
                query, keys[:, :, :end], values[:, :, :end], is_causal=start == 0 and time > 1, enable_gqa=True
            )
            x = x + linear(mixed.transpose(1, 2).reshape(rows, time, -1), "self_attn.o_proj")
            inner = norm(x, f"model.layers.{layer}.post_attention_layernorm.weight")
            x = x + linear(F.silu(linear(inner, "mlp.gate_proj")) * linear(inner, "mlp.up_proj"), "mlp.down_proj")
        return F.linear(norm(x[:, -1], "model.norm.weight"), self.head)

    def chances(self, tokens, start):
        return (self.logits(tokens, start) / TEMPERATURE).softmax(-1)

    def sample(self, prompts, new):
        found = [torch.multinomial(self.chances(prompts, 0), 1)]
        for position in range(prompts.shape[1], prompts.shape[1] + new - 1):
            found.append(torch.multinomial(self.chances(found[-1], position), 1))
        return torch.cat(found, 1)


def open_model(request):
    torch.set_num_threads(request["workers"])
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(request["folder"], dtype=torch.float32)
    model.generation_config.eos_token_id = None
    examples, prompts, texts = (torch.tensor(request[key]) for key in ("examples", "prompts", "texts"))
    half, more = prompts.shape[1], request["more"]
    units = {}

    def trainer(forward):
        options = {"lr": 1e-3, "betas": (0.9, 0.98), "weight_decay": 0.01, "fused": True}
        learned = [value for value in forward.parameters() if value.requires_grad]
        optimizer = torch.optim.AdamW(learned, **options)

        def train():
            forward.train()
            forward(input_ids=examples, labels=examples).loss.backward()
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            return examples.numel()

        return train

    @torch.no_grad()
    def generate(new=more):
        model.eval()
        mask = torch.ones_like(prompts)
        options = {"do_sample": True, "temperature": TEMPERATURE, "top_k": 0, "max_new_tokens": new, "pad_token_id": 0}
        return model.generate(prompts, attention_mask=mask, **options)[:, half:].numel()

    @torch.no_grad()
    def static(new=more):
        model.eval()
        return sampler.sample(prompts, new).numel()

    @torch.no_grad()
    def score():
        model.eval()
        hidden = model.model(input_ids=texts).last_hidden_state[:, 7::8]
        torch.log_softmax(model.lm_head(hidden), -1)[..., [1, 2]].tolist()
        return texts.numel()

    peers = request["peers"]
    if "static" in peers:
        sampler = StaticSampler(model, prompts.shape[0], 2 * half)
        with torch.no_grad():
            expected = model(prompts[:2]).logits[:, -1]
            small = StaticSampler(model, 2, 2 * half)
            small.logits(prompts[:2, :-1], 0)
            torch.testing.assert_close(small.logits(prompts[:2, -1:], half - 1), expected, rtol=1e-3, atol=1e-4)
        units["static", "sample"] = static
    if "generate" in peers:
        units["generate", "sample"] = generate
    if "eager" in peers:
        units["eager", "train"], units["eager", "score"] = trainer(model), score
        if "lora" in (request.get("works") or ["lora"]):
            own = transformers.AutoModelForCausalLM.from_pretrained(request["folder"], dtype=torch.float32)
            lora = peft.LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
            units["eager", "lora"] = trainer(peft.get_peft_model(own, lora))
    if request.get("works"):
        units = {key: unit for key, unit in units.items() if key[1] in request["works"]}
    if "compile" in peers:
        units["compile", "train"] = trainer(torch.compile(model))
    refused = {}
    # Memory is first touched, and graphs are compiled, in the first runs.
    for (peer, work), unit in list(units.items()):
        try:
            unit(2) if work == "sample" else unit()
        except Exception as error:
            refused[peer] = f"{type(error).__name__}: {error}".split("\n")[0]
            del units[peer, work]
    return units, refused


transformers.utils.logging.disable_progress_bar()
units = {}
for line in sys.stdin:
    request = json.loads(line)
    if request["do"] == "open":
        units, refused = open_model(request)
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        reply = {"versions": versions, "units": list(units), "refused": refused}
    elif request["do"] == "memory":
        reply = {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    else:
        unit = units[request["peer"], request["work"]]
        # Caches and pages went cold while the others were measured.
        unit()
        start = time.perf_counter()
        tokens = 0
        while tokens == 0 or time.perf_counter() - start < request["seconds"]:
            tokens += unit()
        reply = {"rate": tokens / (time.perf_counter() - start)}
    print(json.dumps(reply), flush=True)
