import { describe, expect, it } from 'vitest';
import { chatBody, isCheckable, reasonToPass } from './problem.js';

describe('what can be checked', () => {
  it.each([
    'Mia has 37 stamps. She buys 15 more. How many stamps does she have?',
    'Tom wrote 3 letters and his sister twice as many. How many letters were written?',
    'If 3x + 5 = 11, find x',
    'Which is larger?\nA. 3\nB. 4',
    'What time is it three hours after noon?',
    'Solve $x^2 = 4$.',
  ])('%s', (text) => expect(isCheckable(text)).toBe(true));

  it.each([
    'Hello, how are you?',
    'Write a poem about 3 ducks.',
    'Can you write a function that adds 2 numbers?',
    'Please translate "I have 3 cats" to French?',
    'Thanks, that were 5 good answers.',
    `${'word '.repeat(2000)} 5?`,
  ])('not %#', (text) => expect(isCheckable(text)).toBe(false));
});

describe('neutral fields', () => {
  const messages = [{ role: 'user', content: 'What is 3 + 4?' }];
  it.each([
    {},
    { tools: [], tool_choice: 'auto', response_format: { type: 'text' }, logprobs: false, n: 1 },
    { stop: null, top_logprobs: 0, top_p: 0.5, seed: 3 },
  ])('do not keep a problem from being refined: %j', (more) => {
    expect(reasonToPass(chatBody.parse({ model: 'm', messages, ...more }))).toBeUndefined();
  });

  it('what was called and what is asked for by name is refined or not as it says', () => {
    const hello = [{ role: 'user', content: 'Hello' }];
    expect(reasonToPass({ model: 'm', messages: hello })).toBe('nothing to check');
    expect(reasonToPass({ model: 'm', messages: hello, glore: {} })).toBeUndefined();
    const called = [...messages, { role: 'tool', content: '7' }, ...messages];
    expect(reasonToPass({ model: 'm', messages: called })).toBe('tools');
    const said = [...messages, { role: 'assistant', content: '7' }];
    expect(reasonToPass({ model: 'm', messages: said })).toBe('no question');
  });
});
