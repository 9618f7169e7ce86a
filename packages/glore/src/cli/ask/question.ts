/** One question: read, answered and shown. */
import { text } from 'node:stream/consumers';
import { EngineError } from '@glore/engine';
import { GloreError } from '../../error.js';
import { visible, visibleJson } from '../../visible.js';
import { screenOf } from '../terminal.js';
import { renderRounds } from './decision.js';
import { type Asking, toJson, type Wanted } from './models.js';
import { problemsOf } from './unfamiliar.js';

export interface QuestionOptions extends Wanted {
  readonly run: string;
  readonly json?: true;
}

/** Answers one question on standard output. */
export function answering(
  { unfamiliar, settings, ask }: Asking,
  { run: folder, json, rounds }: QuestionOptions,
): (question: string) => Promise<void> {
  return async (question) => {
    const reason = unfamiliar(question);
    if (reason !== undefined) {
      const { yellow } = screenOf(process.stderr).paint;
      process.stderr.write(
        `${yellow('warning:')} the models have never seen ${visible(reason)}; they know questions like those in ${problemsOf(folder)}\n`,
      );
    }
    const [decisions] = await ask([question]).catch(explainLength);
    const output = json
      ? visibleJson(toJson(decisions!, rounds))
      : renderRounds(decisions!, settings, screenOf(process.stdout));
    process.stdout.write(`${output}\n`);
  };
}

/** @throws GloreError `question-empty` */
export async function readQuestion(argument: string): Promise<string> {
  const question = (argument === '-' ? await text(process.stdin) : argument).trim();
  if (question !== '') return question;
  throw new GloreError(
    'question-empty',
    'question: expected text, found none; give it in quotes, or - and the text on standard input',
  );
}

function explainLength(cause: unknown): never {
  if (!(cause instanceof EngineError && cause.code === 'length')) throw cause;
  throw new GloreError(
    'question-long',
    `question: expected one short enough to leave room for solutions, found that ${cause.message}; shorten it`,
    { cause },
  );
}
