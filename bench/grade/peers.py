"""Grades rows as math-verify does, and as lm-evaluation-harness does for GSM8K; run.mjs starts it.

A request is a list of [gold, text]; the reply has for each peer the verdicts and the seconds of all rows.
"""

import json
import re
import sys
import time

from math_verify import parse, verify

# lm_eval/tasks/gsm8k/gsm8k.yaml, version 3.0: the filters and what exact_match leaves out of both sides.
STRICT = re.compile(r"#### (\-?[0-9\.\,]+)")
FLEXIBLE = re.compile(r"(-?[$0-9.,]{2,})|(-?[0-9]+)")
IGNORED = [re.compile(pattern) for pattern in (",", r"\$", r"(?s).*#### ", r"\.$")]


def exact_match(gold: str, found: str) -> bool:
    for pattern in IGNORED:
        gold, found = pattern.sub("", gold), pattern.sub("", found)
    return gold.lower() == found.lower()


def strict(gold: str, text: str) -> bool:
    found = STRICT.findall(text)
    return exact_match(gold, found[0].strip() if found else "[invalid]")


def flexible(gold: str, text: str) -> bool:
    found = FLEXIBLE.findall(text)
    last = next((group for group in found[-1] if group), "") if found else "[invalid]"
    return exact_match(gold, last.strip())


def math_verify(gold: str, text: str) -> bool:
    return bool(verify(parse(gold), parse(text)))


PEERS = {"math-verify": math_verify, "strict-match": strict, "flexible-extract": flexible}

for line in sys.stdin:
    rows = json.loads(line)
    reply = {}
    for name, judge in PEERS.items():
        judge(*rows[0])
        start = time.perf_counter()
        verdicts = [judge(gold, text) for gold, text in rows]
        reply[name] = {"right": verdicts, "seconds": time.perf_counter() - start}
    print(json.dumps(reply), flush=True)
