import { expect, it } from 'vitest';
import { excerpt, Secret } from './said.js';

const key = 'sk-Hunter2-Hunter2';

it.each([
  ['as it is', `Wrong key ${key}.`],
  ['in other letters', `wrong key ${key.toUpperCase()}`],
  ['in part', `wrong key sk-H***ter2`],
  ['beside letters whose small ones are longer', `GEÇERSİZ ANAHTAR: ${key} İ`],
  ['in base64', Buffer.from(`Bearer ${key}`).toString('base64')],
])('a key is not shown: %s', (_, said) => {
  const shown = excerpt(said, new Secret(key));
  expect(shown).toContain('[key]');
  expect(shown).not.toMatch(/hunt|nter|ter2|sk-H/i);
});
