import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSpecialTokens, buildTokenizer } from './build.js';
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

describe('added tokens', () => {
  const added = (content: string, more = {}) => ({
    id: tokenizer.size,
    content,
    special: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    ...more,
  });
  const withAdded = (...tokens: object[]) => {
    const whole = JSON.parse(json);
    return JSON.stringify({ ...whole, added_tokens: [...whole.added_tokens, ...tokens] });
  };

  it('that are no special ones are themselves in texts, the longest first', () => {
    const { encode, decode, size } = openTokenizer(
      withAdded(added('<think>'), added('<think>\n', { id: tokenizer.size + 1 })),
    );
    const ids = encode('Fay<think>has<think>\n 3');
    expect(ids.filter((id) => id >= tokenizer.size)).toEqual([tokenizer.size, tokenizer.size + 1]);
    expect(decode(ids)).toBe('Fay<think>has<think>\n 3');
    expect(size).toBe(tokenizer.size + 2);
  });

  it('that take the spaces beside them are refused', () => {
    expect(() => openTokenizer(withAdded(added('<x>', { rstrip: true })))).toThrow(
      expect.objectContaining({ code: 'tokenizer-unsupported' }),
    );
  });

  it('special ones get the ids behind all others, and change no text', () => {
    const more = addSpecialTokens(json, ['<|bos|>', '<|new|>', '<|other|>']);
    const { encode, id, size } = openTokenizer(more);
    expect([id('<|bos|>'), id('<|new|>'), id('<|other|>')]).toEqual([
      tokenizer.id('<|bos|>'),
      tokenizer.size,
      tokenizer.size + 1,
    ]);
    expect(size).toBe(tokenizer.size + 2);
    for (const text of [...texts, '<|new|>']) expect(encode(text)).toEqual(tokenizer.encode(text));
    expect(addSpecialTokens(more, ['<|new|>', '<|pad|>'])).toBe(more);
  });

  it.each([
    [json, 'Betty', 'tokenizer-special'],
    ['{"model": {}}', '<|new|>', 'tokenizer-invalid'],
    ['no', '<|new|>', 'tokenizer-invalid'],
  ])('%#: is refused', (text, token, code) => {
    expect(() => addSpecialTokens(text, [token])).toThrow(expect.objectContaining({ code }));
  });
});

describe("SentencePiece's pairs", () => {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const words = ['\u2581', 'a', 'p', 'e', '\u2581a', 'pe', '\u2581ape', 'ape'];
  const vocabulary = ['<unk>', '<s>', '</s>', ...bytes, ...words];
  /** As Llama 2's tokenizer.json. */
  const llama = {
    ...JSON.parse(json),
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({
      ...JSON.parse(json).added_tokens[0],
      id,
      content,
    })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '\u2581' },
        { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
      ],
    },
    pre_tokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges: [
        ['\u2581', 'a'],
        ['p', 'e'],
        ['\u2581a', 'pe'],
        ['a', 'pe'],
      ],
    },
  };
  const { encode, decode, id } = openTokenizer(JSON.stringify(llama));

  it('spell a space as a letter, and what is unknown in bytes', () => {
    expect(encode(' ape ape')).toEqual([id('\u2581ape'), id('\u2581ape')]);
    expect(encode('ape')).toEqual([id('ape')]);
    expect(encode('é\n')).toEqual([0xc3, 0xa9, 0x0a].map((byte) => 3 + byte));
    expect(encode('<s>')).not.toContain(1);
  });

  it('give back any text, encoded apart and joined too', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(' ape', '  ', '</s>', ' '),
    );
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        const whole = parts.join('').replaceAll('\u2581', '');
        expect(decode(encode(whole))).toBe(whole);
        expect(decode(parts.flatMap(encode))).toBe(parts.join('').replaceAll('\u2581', ' '));
      }),
    );
  });

  it('take the spelling of newer files, and refuse another', () => {
    const metaspace = {
      type: 'Metaspace',
      replacement: '\u2581',
      prepend_scheme: 'first',
      split: false,
    };
    const newer = { ...llama, normalizer: null, pre_tokenizer: metaspace };
    expect(openTokenizer(JSON.stringify(newer)).encode(' ape')).toEqual(encode(' ape'));
    for (const other of [
      { ...newer, pre_tokenizer: { ...metaspace, split: true } },
      { ...llama, normalizer: { type: 'NFKC' } },
      { ...llama, normalizer: null },
    ]) {
      expect(() => openTokenizer(JSON.stringify(other))).toThrow(
        expect.objectContaining({ code: 'tokenizer-unsupported' }),
      );
    }
  });
});

describe('a tokenizer.json that is not as it should be', () => {
  const pre = (part: object) => ({ type: 'Sequence', pretokenizers: [part] });
  const split = { type: 'Split', pattern: { Regex: ' ' }, behavior: 'Isolated', invert: false };
  it.each<[where: string, change: object]>([
    ['model', { model: 5 }],
    ['model.type', { model: { type: 7 } }],
    ['model.vocab', { model: { type: 'BPE', vocab: [] } }],
    ['model.vocab["a"]', { model: { type: 'BPE', vocab: { a: 2 ** 53 }, merges: [] } }],
    ['model.vocab["a"]', { model: { type: 'BPE', vocab: { a: -1 }, merges: [] } }],
    ['model.merges', { model: { type: 'BPE', vocab: { a: 0 } } }],
    ['model.merges[0]', { model: { type: 'BPE', vocab: { a: 0 }, merges: [5] } }],
    ['model.ignore_merges', { model: { ...JSON.parse(json).model, ignore_merges: 1 } }],
    ['model.unk_token', { model: { ...JSON.parse(json).model, unk_token: [] } }],
    ['added_tokens', { added_tokens: 5 }],
    ['added_tokens[0].id', { added_tokens: [{ id: '3', content: 'x' }] }],
    ['added_tokens[0].content', { added_tokens: [{ id: 3 }] }],
    ['normalizer.type', { normalizer: {} }],
    ['pre_tokenizer', { pre_tokenizer: 'Sequence' }],
    ['pre_tokenizer.pretokenizers', { pre_tokenizer: { type: 'Sequence', pretokenizers: {} } }],
    ['pre_tokenizer.pretokenizers[0]', { pre_tokenizer: pre([]) }],
    ['pre_tokenizer.pretokenizers[0].behavior', { pre_tokenizer: pre({ ...split, behavior: 5 }) }],
    ['pre_tokenizer.pretokenizers[0].pattern', { pre_tokenizer: pre({ ...split, pattern: null }) }],
    [
      'pre_tokenizer.pretokenizers[0].pattern.Regex',
      { pre_tokenizer: pre({ ...split, pattern: { Regex: '(' } }) },
    ],
    ['decoder.type', { decoder: { type: null } }],
  ])('is refused with its field: %s', (where, change) => {
    const text = JSON.stringify({ ...JSON.parse(json), ...change });
    expect(() => openTokenizer(text)).toThrow(
      expect.objectContaining({
        code: 'tokenizer-invalid',
        message: expect.stringContaining(`${where}, found`),
      }),
    );
  });
});
