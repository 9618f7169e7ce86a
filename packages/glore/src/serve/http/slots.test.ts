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

  it('counts a large request as several, at most as all there are', async () => {
    const slots = new Slots(4, 9);
    const small = await slots.take(1, stays);
    const all = slots.take(1e9, stays);
    const later = slots.take(1, stays);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([slots.running, slots.queued]).toEqual([1, 2]);
    small();
    (await all)();
    (await later)();
    expect([slots.running, slots.queued]).toEqual([0, 0]);
  });

  it('lets small requests pass large ones while these have their share, and large ones in their order', async () => {
    const slots = new Slots(32, 9);
    const order: string[] = [];
    const enter = (name: string, places: number) =>
      slots.take(places * 2048, stays).then((done) => {
        order.push(name);
        return done;
      });
    const first = await enter('first of three', 3);
    const second = enter('second of three', 3);
    const two = enter('two', 2);
    const small = await enter('small', 1);
    expect(order).toEqual(['first of three', 'small']);
    first();
    // The second has its turn; with it the two have more than their share.
    const then = await second;
    small();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(order).toEqual(['first of three', 'small', 'second of three']);
    then();
    (await two)();
    expect([slots.running, slots.queued]).toEqual([0, 0]);
  });

  it('keeps no large request waiting for ever behind small ones', async () => {
    const slots = new Slots(4, 9);
    const small = await Promise.all(Array.from({ length: 4 }, () => slots.take(1, stays)));
    let entered = false;
    const large = slots.take(2 * 2048, stays).then((done) => {
      entered = true;
      return done;
    });
    const later = slots.take(1, stays);
    small[0]!();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([entered, slots.running]).toEqual([false, 3]);
    small[1]!();
    (await large)();
    (await later)();
    small[2]!();
    small[3]!();
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
