import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTokenizer } from './build.js';
import { openTokenizer } from './tokenizer.js';

const special = ['<|pad|>', '<|bos|>', '[BAD]'];
const texts = ['Fay has 37+148=185 red apples.\n#### 185', 'Betty’s café costs $5 — naïve!'];
const json = buildTokenizer({ texts, special });
const tokenizer = openTokenizer(json);
const pieces = (text: string) => tokenizer.encode(text).map((id) => tokenizer.decode([id]));

describe('encode', () => {
  it('makes words with their space, single digits and lone newlines', () => {
    expect(pieces('Fay has 37+148=185 apples.\n\n####')).toEqual(
      ['Fay', ' has', ' ', '3', '7', '+', '1', '4', '8', '=', '1', '8', '5', ' apples', '.'].concat(
        ['\n', '\n', '####'],
      ),
    );
  });

  it('spells an unknown word in bytes', () => {
    expect(pieces(' zoo')).toEqual([' ', 'z', 'o', 'o']);
    expect(tokenizer.encode('東')).toEqual([0xe6, 0x9d, 0xb1].map((byte) => 3 + byte));
  });

  it('reads the spelling of a special token as text', () => {
    for (const token of special) {
      expect(tokenizer.encode(token)).not.toContain(tokenizer.id(token));
      expect(tokenizer.decode(tokenizer.encode(token))).toBe(token);
    }
  });

  it('reads it as text even where the pattern takes it as one piece', () => {
    const loose = JSON.parse(buildTokenizer({ texts: [], special: ['<|+|>'] }));
    loose.pre_tokenizer.pretokenizers[0].pattern.Regex = '[^\\s]+|\\s+';
    const { encode, decode, id } = openTokenizer(JSON.stringify(loose));
    expect(encode('<|+|>')).toHaveLength(5);
    expect(decode([id('<|+|>')])).toBe('<|+|>');
  });
});

describe('decode', () => {
  it('gives back any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc
        .array(fc.constantFrom('Fay', ' has', '12', '\n', '\r', ' ', '\ufeff', '\ufffd', '[BAD]'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (whole) => {
        const ids = tokenizer.encode(whole);
        expect(tokenizer.decode(ids)).toBe(whole);
        expect(ids.every((id) => id >= special.length && id < tokenizer.size)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives back texts encoded apart and joined', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
        expect(tokenizer.decode(parts.flatMap(tokenizer.encode))).toBe(parts.join(''));
      }),
    );
  });

  it('spells special tokens out and marks broken characters', () => {
    const [bos, bad] = [tokenizer.id('<|bos|>'), tokenizer.id('[BAD]')];
    expect(tokenizer.decode([bos, ...tokenizer.encode('é'), bad])).toBe('<|bos|>é[BAD]');
    expect(tokenizer.decode([tokenizer.encode('é')[0]!, bad])).toBe('\ufffd[BAD]');
    expect(tokenizer.decode([])).toBe('');
  });

  it('refuses an id beyond the vocabulary', () => {
    expect(() => tokenizer.decode([tokenizer.size])).toThrow(/expected ids below/);
  });
});

describe('buildTokenizer', () => {
  it('orders ids: special tokens, bytes, words', () => {
    expect(special.map(tokenizer.id)).toEqual([0, 1, 2]);
    expect(tokenizer.id('!')).toBe(3 + 0x21);
    expect(['####', 'Betty'].map(tokenizer.id)).toEqual([3 + 256, 3 + 257]);
    expect(() => tokenizer.id('Zed')).toThrow(expect.objectContaining({ code: 'token-unknown' }));
  });

  it('does not depend on the order of the texts', () => {
    const again = buildTokenizer({ texts: [...texts, ...texts].reverse(), special });
    expect(openTokenizer(again).hash).toBe(tokenizer.hash);
    expect(openTokenizer(buildTokenizer({ texts: [], special })).hash).not.toBe(tokenizer.hash);
  });

  it.each([[['a']], [['<|x|>', '<|x|>']], [['']], [['Betty']]])('refuses %j', (special) => {
    expect(() => buildTokenizer({ texts, special })).toThrow(
      expect.objectContaining({ code: 'tokenizer-special' }),
    );
  });
});

describe('openTokenizer', () => {
  it.each(['', '{}', '[]', '{"model": null}'])('refuses %j', (text) => {
    expect(() => openTokenizer(text)).toThrow(
      expect.objectContaining({ code: 'tokenizer-invalid' }),
    );
  });

  it('composes text where the tokenizer asks for it', () => {
    const composing = { ...JSON.parse(json), normalizer: { type: 'NFC' } };
    const { encode, decode } = openTokenizer(JSON.stringify(composing));
    expect(encode('cafe\u0301')).toEqual(tokenizer.encode('caf\u00e9'));
    expect(decode(encode('cafe\u0301'))).toBe('caf\u00e9');
  });

  it.each([
    [{ normalizer: { type: 'Lowercase' } }, /normalizer Lowercase/],
    [{ pre_tokenizer: { type: 'Sequence', pretokenizers: [] } }, /no pre_tokenizer/],
  ])('refuses a tokenizer that would lose text: %j', (change, message) => {
    expect(() => openTokenizer(JSON.stringify({ ...JSON.parse(json), ...change }))).toThrow(
      expect.objectContaining({
        code: 'tokenizer-unsupported',
        message: expect.stringMatching(message),
      }),
    );
  });
});
