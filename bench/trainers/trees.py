"""Trains SmolLM2-135M's shape on a critic's rows as trainers/hf does, with trees and with separate rows, in turns.

    taskset -c 0 python bench/trainers/trees.py --data gsm8k/train.jsonl

Rows are 8 samples of each problem: lines of its worked solution, from a drawn line on those of other problems with like numbers
of lines, so that samples share what real ones do: the question, and lines before they part. Weights are random, the tokenizer is
that of glore's base, cut to pieces as long as those of a vocabulary of 49,152. Both ways learn from the same batches, of whole
problems; each update is done by one and then by the other, the first `--warm` of them uncounted. Seconds are the processor's,
which other work on the machine does not add to, and the clock's.
"""
