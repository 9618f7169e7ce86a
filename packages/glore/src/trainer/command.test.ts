import { describe, expect, it } from 'vitest';
import { filled, placesIn, wordsOf } from './command.js';

describe('wordsOf', () => {
  it.each([
    ['srun --gpus 1  python {train}', ['srun', '--gpus', '1', 'python', '{train}']],
    [`sh -c 'a "b"  c' --x="y z"`, ['sh', '-c', 'a "b"  c', '--x=y z']],
    [String.raw`C:\py\python.exe ""`, [String.raw`C:\py\python.exe`, '']],
    ['  ', []],
  ])('parts %s', (line, words) => {
    expect(wordsOf(line)).toEqual(words);
  });

  it('knows an open quote', () => {
    expect(wordsOf(`python "a b`)).toBeUndefined();
  });
});

describe('filled', () => {
  it('keeps what stands in a place in its word, whatever it holds', () => {
    const command = ['run', '{options}', '--out={out}', '{role}', '{other}'];
    const places = { options: ['--a', 'b c'], out: '/x y/$(z)', role: '{out}' };
    expect(filled(command, places)).toEqual([
      ...['run', '--a', 'b c', '--out=/x y/$(z)', '{out}', '{other}'],
    ]);
    expect(placesIn(command)).toEqual(['options', 'out', 'role', 'other']);
  });
});
