import { expect, it } from 'vitest';
import { parseJson } from './json.js';

const nested = (levels: number, open = '[', inner = '', close = ']') =>
  open.repeat(levels) + inner + close.repeat(levels);

it('is JSON.parse', () => {
  const text = JSON.stringify({ a: [1, { '[': '\\"[{' }, '\\\\', '"'], b: 'x'.repeat(3000) });
  expect(parseJson(text)).toEqual(JSON.parse(text));
  expect(() => parseJson('{')).toThrow(SyntaxError);
});

it.each([
  ['lists', (levels: number) => nested(levels)],
  ['objects', (levels: number) => nested(levels, '{"a":', '1', '}')],
])('refuses %s that are too deep, and only those', (_, of) => {
  expect(parseJson(of(1000))).toEqual(JSON.parse(of(1000)));
  expect(() => parseJson(of(1001))).toThrow('more than 1000 levels');
  // Signs in strings are none, and neither are those beside one another.
  expect(parseJson(JSON.stringify(of(5000)))).toBe(of(5000));
  expect(parseJson(`[${Array(2000).fill('[]').join()}]`)).toHaveLength(2000);
});
