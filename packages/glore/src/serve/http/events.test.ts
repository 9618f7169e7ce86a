import { describe, expect, it } from 'vitest';
import { Events } from './events.js';

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe('Events', () => {
  it('gives what was sent, together what came together, and then ends', async () => {
    const events = new Events(() => {});
    const reader = events.body.getReader();
    const waiting = reader.read();
    events.send('a');
    events.send('é\u2028');
    expect(text((await waiting).value)).toBe('data: a\n\ndata: é\u2028\n\n');
    events.send('b');
    events.end();
    events.send('too late');
    expect(text((await reader.read()).value)).toBe('data: b\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('hands on nothing that is not read, and bit by bit what is', async () => {
    const sizes: number[] = [];
    const events = new Events((size) => sizes.push(size));
    const part = 'x'.repeat(40_000);
    for (let i = 0; i < 4; i++) events.send(part);
    const each = part.length + 'data: \n\n'.length;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sizes).toEqual([1, 2, 3, 4].map((count) => count * each));
    const reader = events.body.getReader();
    expect((await reader.read()).value).toHaveLength(2 * each);
    expect(sizes.at(-1)).toBe(2 * each);
    await reader.read();
    expect(sizes.at(-1)).toBe(0);
  });

  it('keeps nothing for a reader that has gone', async () => {
    let waiting = 0;
    const events = new Events((size) => {
      waiting = size;
    });
    events.send('a');
    await events.body.cancel();
    expect(waiting).toBe(0);
    events.send('b');
    expect(waiting).toBe(0);
  });
});
