/** Chunks folded into the answer that would have come at once. */
import { describe, expect, it } from 'vitest';
import { choicesOf, completions, messages } from './choices.js';
import { Chunks } from './chunks.js';

/** What is made of chunks, and what is heard while they come. */
function folded(chat: boolean, events: readonly unknown[]) {
  const heard: string[] = [];
  const chunks = new Chunks(chat, ({ text, finished }) => {
    expect(finished).toBe(false);
    heard.push(text);
  });
  const over = events.findIndex((event) => chunks.take(event));
  return { whole: chunks.whole, heard, over };
}

const says = (content: unknown, more: object = {}) => ({
  choices: [{ index: 0, delta: { content }, finish_reason: null, ...more }],
});
const usage = { prompt_tokens: 3, completion_tokens: 4 };

describe('chunks are put together', () => {
  it('of a chat, with thoughts and parts, nothing at the beginning and at the end', () => {
    const { whole, heard } = folded(true, [
      { choices: [], prompt_filter_results: [] },
      { choices: [{ index: 0, delta: { role: 'assistant', content: null } }], usage: null },
      says([{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.\n' }] }]),
      says('3 + 4'),
      says(' = 7\n'),
      says([{ type: 'text', text: '####' }]),
      says(' 7\n', { finish_reason: 'stop' }),
      { choices: [{ index: 0, delta: {}, finish_reason: null }] },
      { choices: [], usage },
    ]);
    expect(whole).toEqual({
      choices: [{ index: 0, finish_reason: 'stop', message: { content: '3 + 4 = 7\n#### 7\n' } }],
      usage,
    });
    expect(heard).toEqual(['3 + 4 = 7\n', '3 + 4 = 7\n#### 7\n']);
    expect(choicesOf(messages(1).parse(whole), { maxTokens: 9 })).toMatchObject([
      { text: '3 + 4 = 7\n#### 7\n', finished: true, tokens: 4 },
    ]);
  });

  it('of completions, several at once, of which the first is heard, with ids', () => {
    const part = (index: unknown, text: string, ids?: number[]) => ({
      choices: [{ index, text, finish_reason: null, ...(ids && { token_ids: ids }) }],
    });
    const { whole, heard } = folded(false, [
      part(1, 'b\n', [1]),
      part('0', 'a', [2]),
      part(0, '\nc', [3, 4]),
      part(1, 'd'),
      part(0, '', undefined),
    ]);
    expect(heard).toEqual(['a\n']);
    const read = choicesOf(completions(2).parse(whole), { maxTokens: 9 });
    // Ids that are not there for all of the text say nothing.
    expect(read.map(({ text, ids }) => [text, ids])).toEqual([
      ['a\nc', [2, 3, 4]],
      ['b\nd', undefined],
    ]);
  });

  it('and told less often the longer the text is', () => {
    const lines = Array.from({ length: 3000 }, () => says('x\n'));
    const { heard } = folded(true, lines);
    expect(heard.slice(0, 3)).toEqual(['x\n', 'x\nx\n', 'x\nx\nx\n']);
    expect(heard.length).toBeLessThan(400);
    const told = heard.reduce((sum, text) => sum + text.length, 0);
    expect(told).toBeLessThan(70 * 6000);
  });
});

describe('what is no answer is none', () => {
  it.each([
    [{ choices: 'x' }, /^choices: /],
    [says(5), /^choices\.0\.delta\.content: /],
    [{ choices: [{ text: 1 }] }, /^choices\.0\.text: /],
    [{ choices: [{ token_ids: [-1] }] }, /^choices\.0\.token_ids/],
    ['text', /^the answer: /],
    [null, /^the answer: /],
  ])('%j', (event, message) => {
    expect(() => folded(true, [event])).toThrow(message);
  });

  it('where an error takes its place', () => {
    const error = { error: { message: 'out of memory', code: 500 } };
    const { whole, over } = folded(true, [says('3\n'), error, says('4')]);
    expect([whole, over]).toEqual([error, 1]);
  });

  it('where nothing is said, or by the other way of asking', () => {
    const message = { choices: [{ index: 0, message: { content: 'x' } }] };
    for (const events of [[], [message], [{ choices: [{ index: 0, text: 'x' }] }]]) {
      expect(messages(1).safeParse(folded(true, events).whole).success).toBe(false);
    }
    expect(completions(1).safeParse(folded(false, [says('x')]).whole).success).toBe(false);
  });
});
