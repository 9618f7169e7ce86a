import { EngineError } from '@glore/engine';
import { expect, it } from 'vitest';
import { GloreError } from './error.js';

it.each([GloreError, EngineError])('%o has a message that can be read, with its end', (Named) => {
  expect(new Named('code', 'short').message).toBe('short');
  const { message, code } = new Named('code', `a.json: found ${'x'.repeat(99_999)}; correct it`);
  expect(code).toBe('code');
  expect(message.length).toBeLessThan(4000);
  expect(message).toMatch(/^a\.json: found x+ \.\. x+; correct it$/);
});
