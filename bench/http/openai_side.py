"""The same rollouts by OpenAI's asynchronous client: openai_side.py <url> <rollouts> <in flight> <model> <tokens> <warm>."""

import asyncio
import json
import resource
import sys
import time

from openai import AsyncOpenAI

url, model = sys.argv[1], sys.argv[4]
rollouts, parallel, most, warm = (int(sys.argv[i]) for i in (2, 3, 5, 6))
prompt = "Fay has 37 apples and gains 148. " * 8 + "How many has she?\n"


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main() -> None:
    # Its own connection limits are above what is in flight here.
    client = AsyncOpenAI(base_url=url, api_key="none")

    async def ask(seed: int) -> tuple[int, int]:
        answer = await client.completions.create(
            model=model, prompt=prompt, temperature=0.8, top_p=1, max_tokens=most, n=1, seed=seed
        )
        return answer.usage.completion_tokens, len(answer.choices[0].text)

    for seed in range(warm):
        await ask(seed)
    before, began = cpu(), time.perf_counter()
    seeds = iter(range(rollouts))
    tokens = characters = 0

    async def worker() -> None:
        nonlocal tokens, characters
        for seed in seeds:
            written, length = await ask(seed)
            tokens += written
            characters += length

    await asyncio.gather(*(worker() for _ in range(parallel)))
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "rollouts": rollouts,
                "seconds": seconds,
                "cpuSeconds": cpu() - before,
                "tokens": tokens,
                "characters": characters,
            }
        )
    )
    await client.close()


asyncio.run(main())
