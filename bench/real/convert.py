"""A GGUF file as a Hugging Face folder with the same weights: convert.py model.gguf folder"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

source, out = Path(sys.argv[1]), sys.argv[2]
named = {"gguf_file": source.name}
model = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.bfloat16, **named)
# It was read dequantized, and is saved so.
model.is_quantized = False
model.hf_quantizer = None
del model.config.quantization_config
model.save_pretrained(out)
AutoTokenizer.from_pretrained(source.parent, **named).save_pretrained(out)
