/** What real servers have answered, as `npm run check:real` got it, read as somebody has read it by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSolution } from '../src/reading/index.js';

interface Draft {
  readonly text: string;
  readonly finished: boolean;
  readonly steps: readonly string[];
  readonly answer: string | null;
}

const path = new URL('../../../bench/real/golden-drafts.json', import.meta.url);
const drafts = JSON.parse(readFileSync(path, 'utf8')) as Draft[];

describe('drafts of SmolLM2-135M-Instruct', () => {
  it.each(drafts)('$text', ({ text, finished, steps, answer }) => {
    expect(readSolution(text, { finished, steps: 'found' })).toMatchObject({ steps, answer });
  });
});
