import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Derived, Pace } from './derived.js';
import { temporaryFolder } from './folder.testing.js';

it('is worked out once while several ask, and anew when a file has changed', async () => {
  const path = join(temporaryFolder(), 'file');
  let times = 0;
  const derived = new Derived([path], async () => ({ times: ++times }));
  const [a, b] = await Promise.all([derived.get(), derived.get()]);
  expect(a).toBe(b);
  expect(await derived.get()).toEqual({ times: 1 });
  writeFileSync(path, 'something');
  expect(await derived.get()).toEqual({ times: 2 });
  expect(await derived.get()).toEqual({ times: 2 });
});

it('is tried again after it has failed', async () => {
  let times = 0;
  const derived = new Derived([], async () => {
    if (++times === 1) throw new Error('no');
    return times;
  });
  await expect(derived.get()).rejects.toThrow('no');
  expect(await derived.get()).toBe(2);
});

it('lets others have their turn', async () => {
  let turns = 0;
  const counting = setInterval(() => turns++, 0);
  const pace = new Pace();
  const end = performance.now() + 100;
  while (performance.now() < end) if (pace.due) await pace.rest();
  clearInterval(counting);
  expect(turns).toBeGreaterThan(2);
});

it('goes on with one at a time, so that others wait no longer where many are under way', async () => {
  let goneOn = 0;
  const between: number[] = [];
  const others = () => {
    between.push(goneOn);
    goneOn = 0;
    if (between.length < 30) setImmediate(others);
  };
  setImmediate(others);
  const work = async () => {
    const pace = new Pace();
    for (let i = 0; i < 2; i++) {
      await pace.rest();
      goneOn++;
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
  expect(Math.max(...between)).toBe(1);
});
