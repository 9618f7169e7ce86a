"""
What transformers says of the next token after conversations: the peer of the critics' values on servers.

Reads one JSON object from standard input: `folder`, `adapter` (or null), `dtype`, and `asked`, a list of `messages` with
`spellings`, lists of texts. Writes for each the probability of each list: that of all tokens which are spelt so.

    reference.py --adapter FROM OUT    a LoRA adapter with random weights, which change what the model says
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def adapter(folder, out):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=8, lora_alpha=16, target_modules=targets, task_type="CAUSAL_LM", init_lora_weights=False)
    model = get_peft_model(model, config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.mul_(0.1)
    model.save_pretrained(out)


@torch.no_grad()
def probabilities(folder, adapter, dtype, asked):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    spelt = {}
    for token in range(len(tokenizer)):
        spelt.setdefault(tokenizer.decode([token]), []).append(token)
    found = []
    for one in asked:
        text = tokenizer.apply_chat_template(one["messages"], add_generation_prompt=True, tokenize=False)
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        chances = model(ids).logits[0, -1].float().softmax(-1)
        found.append(
            [
                sum(float(chances[token]) for spelling in spellings for token in spelt.get(spelling, []))
                for spellings in one["spellings"]
            ]
        )
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--adapter"]:
        adapter(*sys.argv[2:])
    else:
        json.dump(probabilities(**json.load(sys.stdin)), sys.stdout)
