import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

const stays = new AbortController().signal;

describe('Slots', () => {
  it('lets so many in, makes others wait in order, and sends the rest away', async () => {
    const slots = new Slots(2, 2);
    const order: string[] = [];
    const [first, second] = await Promise.all([slots.take(1, stays), slots.take(2048, stays)]);
    const third = slots.take(0, stays).then((done) => {
      order.push('third');
      return done;
    });
    const fourth = slots.take(1, stays).then((done) => {
      order.push('fourth');
      return done;
    });
    await expect(slots.take(1, stays)).rejects.toMatchObject({
      code: 'overloaded',
      refusal: { status: 429, retryAfter: 1 },
    });
    expect([slots.running, slots.queued]).toEqual([2, 2]);
    first();
    first();
    const done = await third;
    expect(order).toEqual(['third']);
    expect([slots.running, slots.queued]).toEqual([2, 1]);
    second();
    done();
    (await fourth)();
    expect(order).toEqual(['third', 'fourth']);
    expect([slots.running, slots.queued]).toEqual([0, 0]);
  });

  it('counts a large request as several, which waits for as much room and lets nobody pass', async () => {
    const slots = new Slots(4, 9);
    const order: string[] = [];
    const enter = (name: string, size: number) =>
      slots.take(size, stays).then((done) => {
        order.push(name);
        return done;
      });
    const two = await enter('two', 2 * 2048);
    const one = await enter('one', 1);
    const three = enter('three', 2 * 2048 + 1);
    const small = enter('small', 1);
    const all = enter('all', 1e9);
    one();
    // Two places are free, and three are wanted.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual(['two', 'one']);
    two();
    const [third, fourth] = await Promise.all([three, small]);
    expect(order).toEqual(['two', 'one', 'three', 'small']);
    third();
    fourth();
    (await all)();
    expect([slots.running, slots.queued]).toEqual([0, 0]);
  });

  it('forgets who leaves the queue, and lets in who waited behind', async () => {
    const slots = new Slots(2, 2);
    const done = await slots.take(1, stays);
    const abort = new AbortController();
    const waiting = slots.take(2 * 2048, abort.signal);
    const behind = slots.take(1, stays);
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(slots.take(1, abort.signal)).rejects.toThrow('gone');
    (await behind)();
    done();
    expect([slots.running, slots.queued]).toEqual([0, 0]);
  });
});
