import { expect, it } from 'vitest';
import { endpoints } from './endpoints.js';

it.each([
  'http://[',
  'http://a b',
  'https://a:99999',
  'x',
  'ftp://a',
  'http://me:secret@a/v1',
  'http://a/v1?key=secret',
  'http://a/v1#secret',
  5,
])('the address %s is refused without being thrown at', (url) => {
  const { success, error } = endpoints.safeParse({ one: { url } });
  expect(success).toBe(false);
  expect(error!.issues).toMatchObject([{ path: ['one', 'url'] }]);
  expect(JSON.stringify(error!.issues)).not.toContain('secret');
});

it('an address without name and password is taken', () => {
  expect(endpoints.safeParse({ one: { url: 'http://localhost:8000/v1' } }).success).toBe(true);
});
