/** The formats that a run is exported to: their columns, and what the card says of them. */
import type { Columns } from './parquet.js';

export interface Format {
  readonly columns: Columns;
  /** What a row is. */
  readonly about: string;
  /** Task category of the Hub. */
  readonly task: string;
  readonly tags: readonly string[];
}

const answerLine =
  'The answer is a line of its own, the last one. A line without a label (left out for balance) stands together with the next labelled one, and what follows the last label is left off.';

export const formats = {
  'trl-stepwise': {
    columns: { prompt: 'text', completions: 'texts', labels: 'flags' },
    about: `Stepwise supervision as TRL's \`PRMTrainer\` reads it: a question, the lines of a solution, and a label for each. ${answerLine}`,
    task: 'token-classification',
    tags: ['trl', 'stepwise-supervision', 'process-reward-model'],
  },
  'trl-prompt-completion': {
    columns: { prompt: 'text', completion: 'text' },
    about:
      "Prompts and completions as TRL's `SFTTrainer` reads them. BOS and EOS are the tokenizer's to add. `<|draft|>`, `[BAD]` and `<|revision|>` are one token each: add them to a tokenizer that lacks them.",
    task: 'text-generation',
    tags: ['trl', 'prompt-completion', 'sft'],
  },
  'math-shepherd': {
    columns: { input: 'text', label: 'text', task: 'text' },
    about: `The format of Math-Shepherd (Wang et al. 2024): a question and numbered steps, each ended by the tag \`ки\` in \`input\` and by \`+\` or \`-\` in \`label\`. ${answerLine}`,
    task: 'token-classification',
    tags: ['math-shepherd', 'process-reward-model'],
  },
  processbench: {
    columns: {
      id: 'text',
      generator: 'text',
      problem: 'text',
      steps: 'texts',
      final_answer_correct: 'flag',
      label: 'integer',
    },
    about:
      'The format of ProcessBench (Zheng et al. 2024): the steps of a solution and the first wrong one of them, counted from 0, or -1. The answer is a step of its own, the last one.',
    task: 'text-classification',
    tags: ['processbench', 'process-reward-model'],
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
