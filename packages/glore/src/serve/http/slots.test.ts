import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

const stays = new AbortController().signal;

describe('Slots', () => {
  it('lets so many in, makes others wait in order, and sends the rest away', async () => {
    const slots = new Slots(2, 2);
    const order: string[] = [];
    const [first, second] = await Promise.all([slots.take(stays), slots.take(stays)]);
    const third = slots.take(stays).then((done) => {
      order.push('third');
      return done;
    });
    const fourth = slots.take(stays).then((done) => {
      order.push('fourth');
      return done;
    });
    await expect(slots.take(stays)).rejects.toMatchObject({
      code: 'overloaded',
      refusal: { status: 429, retryAfter: 1 },
    });
    expect([slots.taken, slots.queued]).toEqual([2, 2]);
    first();
    first();
    const done = await third;
    expect(order).toEqual(['third']);
    expect([slots.taken, slots.queued]).toEqual([2, 1]);
    second();
    done();
    (await fourth)();
    expect(order).toEqual(['third', 'fourth']);
    expect([slots.taken, slots.queued]).toEqual([0, 0]);
  });

  it('forgets who leaves the queue', async () => {
    const slots = new Slots(1, 1);
    const done = await slots.take(stays);
    const abort = new AbortController();
    const waiting = slots.take(abort.signal);
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(slots.take(abort.signal)).rejects.toThrow('gone');
    done();
    expect([slots.taken, slots.queued]).toEqual([0, 0]);
  });
});
