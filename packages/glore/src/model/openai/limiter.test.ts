import { describe, expect, it } from 'vitest';
import { Limiter, type Permit } from './limiter.js';

const never = new AbortController().signal;

/** Takes every place that is free. */
async function fill(limiter: Limiter): Promise<Permit[]> {
  const permits: Permit[] = [];
  while (permits.length < limiter.limit) permits.push(await limiter.acquire());
  return permits;
}

describe('the limit', () => {
  it('grows by what is done while all places are taken, and is cut once for one overload', async () => {
    const limiter = new Limiter(1000, never);
    const limits = [limiter.limit];
    for (let round = 0; round < 3; round++) {
      for (const permit of await fill(limiter)) limiter.release(permit, 'done');
      limits.push(limiter.limit);
    }
    // When the others are released, not all places are taken any more.
    expect(limits).toEqual([8, 9, 10, 11]);
    const [first, ...others] = await fill(limiter);
    limiter.release(first!, 'overloaded');
    expect(limiter.limit).toBe(5);
    // Those begun before the cut tell of the same overload.
    for (const permit of others) limiter.release(permit, 'overloaded');
    expect(limiter.limit).toBe(5);
    const after = await fill(limiter);
    limiter.release(after[0]!, 'overloaded');
    expect(limiter.limit).toBe(2);
    for (const permit of after.slice(1)) limiter.release(permit, 'failed');
  });

  it('doubles under a steady load', async () => {
    const limiter = new Limiter(64, never);
    let most = 0;
    let inFlight = 0;
    await Promise.all(
      Array.from({ length: 400 }, async () => {
        const permit = await limiter.acquire();
        most = Math.max(most, ++inFlight);
        await new Promise(setImmediate);
        inFlight--;
        limiter.release(permit, 'done');
      }),
    );
    expect(limiter.limit).toBe(64);
    expect(most).toBe(64);
  });

  it('never falls below one, nor exceeds the most', async () => {
    const limiter = new Limiter(3, never);
    for (let i = 0; i < 5; i++) limiter.release(await limiter.acquire(), 'overloaded');
    expect(limiter.limit).toBe(1);
    for (let i = 0; i < 50; i++) {
      for (const permit of await fill(limiter)) limiter.release(permit, 'done');
    }
    expect(limiter.limit).toBe(3);
  });
});

describe('waiting', () => {
  it('is first come, first served, and ends with the signal', async () => {
    const abort = new AbortController();
    const limiter = new Limiter(1, abort.signal);
    const permit = await limiter.acquire();
    const order: number[] = [];
    const first = limiter.acquire().then((next) => {
      order.push(1);
      limiter.release(next, 'done');
    });
    const second = limiter.acquire().then(() => order.push(2));
    limiter.release(permit, 'done');
    await Promise.all([first, second]);
    expect(order).toEqual([1, 2]);
    const third = limiter.acquire();
    abort.abort(new Error('enough'));
    await expect(third).rejects.toThrow('enough');
    await expect(limiter.acquire()).rejects.toThrow('enough');
  });

  it('lasts as long as the server asked for', async () => {
    const limiter = new Limiter(4, never);
    limiter.pause(30);
    const before = Date.now();
    const waiting = [limiter.acquire(), limiter.acquire()];
    await Promise.all(waiting);
    // Timers may be a millisecond early.
    expect(Date.now() - before).toBeGreaterThanOrEqual(29);
  });
});
