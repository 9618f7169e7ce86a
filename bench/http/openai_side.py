"""The same rollouts by OpenAI's asynchronous client: openai_side.py <url> <rollouts> <in flight>."""

import asyncio
import json
import resource
import sys
import time

from openai import AsyncOpenAI

url, rollouts, parallel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
prompt = "Fay has 37 apples and gains 148. " * 8 + "How many has she?\n"


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def main() -> None:
    # Its own connection limits are above what is in flight here.
    client = AsyncOpenAI(base_url=url, api_key="none")

    async def ask(seed: int) -> int:
        answer = await client.completions.create(
            model="bench", prompt=prompt, temperature=0.8, top_p=1, max_tokens=160, n=1, seed=seed
        )
        return len(answer.choices[0].text)

    for seed in range(200):
        await ask(seed)
    before, began = cpu(), time.perf_counter()
    seeds = iter(range(rollouts))
    characters = 0

    async def worker() -> None:
        nonlocal characters
        for seed in seeds:
            characters += await ask(seed)

    await asyncio.gather(*(worker() for _ in range(parallel)))
    seconds = time.perf_counter() - began
    print(
        json.dumps(
            {
                "rollouts": rollouts,
                "seconds": seconds,
                "cpuSeconds": cpu() - before,
                "characters": characters,
            }
        )
    )
    await client.close()


asyncio.run(main())
