import { describe, expect, it } from 'vitest';
import { fromLink, readFile, readTrace, type Trace, toLink } from './trace.js';

const trace: Trace = {
  glore: 1,
  question: 'Wie viele Äpfel? 🍎',
  settings: {
    ...{ mode: 'rerank', samples: 8, choice: 'both', threshold: 0.31, tau: 1.01, rounds: 2 },
    budget: { seconds: 30 },
  },
  decisions: [1, 2].map(() => ({
    values: [0.9, 0.2],
    location: 2,
    candidates: [
      {
        ...{ source: 'draft', score: 0.3, least: 0.2, tokens: 12 },
        solution: { steps: ['2 + 2 = 5'], answer: '5' },
        original: { text: '2 + 2 = 5\nThe answer is 5.', ends: [9], finished: true },
      },
      {
        ...{ source: 'global', score: 0, least: 1, tokens: 0 },
        solution: { steps: [], answer: null },
      },
    ],
    choice: 0,
  })),
  costs: { student: { requests: 1, promptTokens: 9, completionTokens: 12, seconds: 0.5 } },
  notes: ['the budget of tokens is spent'],
};

/** The trace with another value at a path. */
function changed(path: string, value: unknown): string {
  const copy: unknown = structuredClone(trace);
  const keys = path.split('.');
  const last = keys.pop()!;
  const at = keys.reduce((object, key) => (object as Record<string, unknown>)[key], copy);
  (at as Record<string, unknown>)[last] = value;
  return JSON.stringify(copy);
}

describe('a trace', () => {
  it('is the same from a file and from a link', async () => {
    expect(await readFile(new Blob([JSON.stringify(trace)]))).toEqual(trace);
    const word = await toLink(trace);
    expect(word).toMatch(/^[\w-]+$/);
    expect(await fromLink(word)).toEqual(trace);
  });

  it.each([
    ['glore', 2, 'glore: expected 1, found 2'],
    ['question', undefined, 'question: expected text, found nothing'],
    [
      'settings.mode',
      'guess',
      'settings.mode: expected "rerank" or "gate" or "vote", found "guess"',
    ],
    ['settings.budget.tokens', 0.5, 'settings.budget.tokens: expected a whole number, found 0.5'],
    ['decisions', [], 'decisions: expected at least 1 items, found []'],
    ['decisions.1.values.0', 1.5, 'decisions.1.values.0: expected at most 1, found 1.5'],
    [
      'decisions.0.location',
      3,
      'decisions.0.location: expected a line of the draft, or -1, found 3',
    ],
    ['decisions.0.choice', 2, 'decisions.0.choice: expected the index of a candidate, found 2'],
    [
      'decisions.0.candidates.1.solution.steps.0',
      { html: '<b>' },
      'decisions.0.candidates.1.solution.steps.0: expected text, found {"html":"<b>"}',
    ],
    ['decisions', Array(17).fill(trace.decisions[0]), 'decisions: expected at most 16 items'],
    [
      'decisions.0.candidates',
      // Candidates are compared with each other, which takes minutes of many.
      Array(65).fill(trace.decisions[0]!.candidates[0]),
      'decisions.0.candidates: expected at most 64 items, found [{',
    ],
    ['costs.student.seconds', '1', 'costs.student.seconds: expected a number, found "1"'],
    ['notes', 'none', 'notes: expected a list, found "none"'],
  ])('says what is wrong with %s', (path, value, message) => {
    expect(() => readTrace(changed(path, value))).toThrow(message);
  });

  it('refuses what is no trace at all', async () => {
    expect(() => readTrace('{')).toThrow('This is no trace: expected JSON');
    expect(() => readTrace('[]')).toThrow('the trace: expected a map of keys, found []');
    await expect(fromLink('%%%')).rejects.toThrow('This link is not whole');
    await expect(fromLink((await toLink(trace)).slice(0, -9))).rejects.toThrow('not whole');
  });

  it('takes no link that unpacks without end, and makes none that is too long', async () => {
    const random = Array.from({ length: 90_000 }, () => String(Math.random()).at(-1)).join('');
    const long = { ...trace, question: random + random };
    await expect(toLink(long)).rejects.toThrow(/too long for a link: .* at most 60,000/);
    const word = await toLink({ ...trace, question: 'a'.repeat(20_000_000) });
    expect(word.length).toBeLessThan(60_000);
    await expect(fromLink(word)).rejects.toThrow('not whole');
  });
});
