import { describe, expect, it } from 'vitest';
import { Unread } from './unread.js';

/** Writes its name when it is cut off, and is gone. */
class Named {
  gone = false;
  private readonly cuts: string[];
  private readonly name: string;

  constructor(cuts: string[], name: string) {
    this.cuts = cuts;
    this.name = name;
  }

  cut(): void {
    this.gone = true;
    this.cuts.push(this.name);
  }
}

describe('Unread', () => {
  it('cuts off who leaves too much, and of all together who leaves most', () => {
    const cut: string[] = [];
    const unread = new Unread(100);
    const clients = Array.from({ length: 20 }, (_, i) => new Named(cut, `${i}`));
    unread.stream(clients[0]!, 100);
    unread.set(clients[0]!, 101);
    expect(cut).toEqual([]);
    unread.stream(clients[0]!, 101);
    expect(cut).toEqual(['0']);
    // Nothing of it counts any more.
    unread.stream(clients[0]!, 50);
    for (let i = 1; i <= 16; i++) unread.set(clients[i]!, i === 7 ? 100 : 99);
    expect(cut).toEqual(['0']);
    unread.set(clients[17]!, 20);
    expect(cut).toEqual(['0', '7']);
    unread.set(clients[1]!, 0);
    unread.set(clients[18]!, 95);
    expect(cut).toEqual(['0', '7']);
  });
});
