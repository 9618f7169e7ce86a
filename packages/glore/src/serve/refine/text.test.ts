import { buildTokenizer, openTokenizer } from '@glore/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { specialTokens } from '../../codec/index.js';
import { readPrompt, spell, TextReader, withoutSpecial } from './text.js';

const tokenizer = openTokenizer(
  buildTokenizer({ texts: ['Fay has 3 café apples.\n#### 3'], special: specialTokens }),
);
const id = (token: string) => tokenizer.id(token);

describe('readPrompt', () => {
  it('reads special tokens where they are spelt, and text between them', () => {
    expect(readPrompt(tokenizer, '<|bos|>Fay has 3\n<|step|>[BAD]<|+|>')).toEqual([
      id('<|bos|>'),
      ...tokenizer.encode('Fay has 3\n'),
      id('<|step|>'),
      id('[BAD]'),
      id('<|+|>'),
    ]);
    expect(readPrompt(tokenizer, '<|boss|> |+|')).toEqual(tokenizer.encode('<|boss|> |+|'));
    expect(readPrompt(tokenizer, '')).toEqual([]);
  });

  it('is undone by decoding', () => {
    const part = fc.oneof(fc.constantFrom(...specialTokens), fc.string());
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const text = parts.join('');
        expect(tokenizer.decode(readPrompt(tokenizer, text))).toBe(text);
      }),
    );
  });

  it('has a counterpart that leaves special tokens out', () => {
    expect(withoutSpecial('<|bos|>Fay has [BAD]3<|eos|>')).toBe('Fay has 3');
  });
});

describe('spell', () => {
  it('names tokens by their text, and parts of characters by id', () => {
    expect(spell(tokenizer, id('<|+|>'))).toBe('<|+|>');
    const [byte] = tokenizer.encode('é');
    expect(spell(tokenizer, byte!)).toBe(`token_id:${byte}`);
    expect(spell(tokenizer, id('<|+|>'), true)).toBe(`token_id:${id('<|+|>')}`);
  });
});

describe('TextReader', () => {
  /** What is given after each token, and at the end. */
  function read(ids: readonly number[], stops: string[] = []) {
    const skipped = new Set([id('<|pad|>')]);
    const reader = new TextReader(tokenizer, stops, skipped);
    const deltas: string[] = [];
    for (const one of ids) {
      if (reader.stopped) break;
      deltas.push(reader.push(one));
    }
    const { stopped } = reader;
    return { deltas, rest: reader.end(), stopped };
  }

  it('gives text as soon as it is certain', () => {
    const ids = [...tokenizer.encode('Fay é'), id('<|pad|>'), id('<|step|>')];
    expect(read(ids)).toEqual({
      deltas: ['Fay', ' ', '', 'é', '', '<|step|>'],
      rest: '',
      stopped: false,
    });
  });

  it('gives half a character only when nothing follows', () => {
    expect(read(tokenizer.encode('é').slice(0, 1))).toMatchObject({ deltas: [''], rest: '\ufffd' });
  });

  it('holds back what may begin a stop string, and ends at the first', () => {
    const ids = tokenizer.encode('Fay has 3\n\n3');
    expect(read(ids, ['\n\n#', 'as 3\n\n3'])).toEqual({
      deltas: ['Fay', ' h', '', '', '', '', ''],
      rest: '',
      stopped: true,
    });
    expect(read(ids, ['\n\n#'])).toMatchObject({
      deltas: ['Fay', ' has', ' ', '3', '', '', '\n\n3'],
    });
    expect(read(tokenizer.encode('3\n'), ['\n\n'])).toMatchObject({
      deltas: ['3', ''],
      rest: '\n',
    });
  });

  it('gives the same text whatever the stop strings hold back, up to the first of them', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'é', '\n', 'ab', '東'))
      .map((all) => all.join(''));
    const stops = fc.array(
      text.filter((one) => one !== ''),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(text, stops, (whole, stops) => {
        const { deltas, rest, stopped } = read(tokenizer.encode(whole), stops);
        const found = stops.map((stop) => whole.indexOf(stop)).filter((at) => at >= 0);
        expect(stopped).toBe(found.length > 0);
        const got = deltas.join('') + rest;
        if (!stopped) expect(got).toBe(whole);
        else {
          // It ends at a stop string: the one that was complete first.
          expect(whole.startsWith(got)).toBe(true);
          expect(stops.some((stop) => whole.startsWith(stop, got.length))).toBe(true);
          expect(stops.some((stop) => got.includes(stop))).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
