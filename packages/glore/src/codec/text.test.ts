import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTokenizer } from '@glore/engine';
import { describe, expect, it } from 'vitest';
import { createCodec, specialTokens } from './codec.js';
import {
  continuationText,
  globalPromptText,
  localPromptText,
  promptText,
  solutionText,
} from './text.js';

const folder = join(import.meta.dirname, '../../../../checkpoints/base');
const tokenizer = openTokenizer(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
const codec = createCodec(tokenizer);

/** As a trainer reads text: cut at newlines and special tokens, and tokenised piece by piece. */
const idsOf = (text: string): number[] => {
  const special = specialTokens.map((token) => token.replace(/[|+[\]]/g, '\\$&')).join('|');
  return text
    .split(new RegExp(`(\n|${special})`))
    .filter((piece) => piece !== '')
    .flatMap((piece) =>
      specialTokens.includes(piece) ? [tokenizer.id(piece)] : tokenizer.encode(piece),
    );
};

const question = 'Ann has 3 shells. Ann buys 4. How many has Ann?';
const draft = { steps: ['Ann has 3+4=<<3+4=8>>8.', 'Zoë has 8-1=7.'], answer: '7' };
const { bos, eos } = codec.ids;

describe('texts', () => {
  it('are the ids of the codec, but for BOS and EOS', () => {
    expect([bos, ...idsOf(promptText(question))]).toEqual(codec.prompt(question));
    expect([...idsOf(solutionText(draft)), eos]).toEqual(codec.solution(draft));
    const drafts = [draft, { steps: draft.steps, answer: null }, { steps: [], answer: '7' }];
    drafts.push({ steps: [], answer: null });
    for (const each of drafts) {
      expect([bos, ...idsOf(globalPromptText(question, each))]).toEqual(
        codec.globalPrompt(question, each),
      );
      for (let e = 1; e <= each.steps.length + 1; e++) {
        expect([bos, ...idsOf(localPromptText(question, each, e))]).toEqual(
          codec.localPrompt(question, each, e),
        );
      }
    }
    for (const e of [1, 2, 3]) {
      expect([...idsOf(continuationText(draft, e)), eos]).toEqual(codec.continuation(draft, e));
    }
  });

  it('refuse what the codec refuses', () => {
    expect(() => solutionText({ steps: ['two\nlines'], answer: null })).toThrow(
      expect.objectContaining({ code: 'solution-malformed' }),
    );
  });
});
