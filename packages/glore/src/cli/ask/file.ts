/** Questions from a JSON Lines file, answered in batches: the rows come back in order, each with its answer in `glore`. */
import { percent } from '../../evaluate/index.js';
import { explained } from '../../files/index.js';
import { chunks, readRun } from '../../pipeline/index.js';
import { judge } from '../../reading/index.js';
import { chosen, type Decision } from '../../refine/index.js';
import type { Progress, Reporter } from '../../run/index.js';
import type { UpstreamOptions } from '../../upstream/index.js';
import { visibleLines } from '../../visible.js';
import { accuracyOf } from '../accuracy.js';
import { checkOther, openOut, WRITTEN } from '../out.js';
import { checkRoom, type Fields, type Item, readItems } from './items.js';
import { type Asking, answerOf, toJson, type Wanted, withRun, withUpstream } from './models.js';
import { problemsOf, type Unfamiliar, unfamiliarTo } from './unfamiliar.js';

export interface FileOptions extends Fields {
  readonly run: string;
  /** "-" is standard input. */
  readonly file: string;
  /** Standard output if left out. */
  readonly out?: string;
  readonly trace?: true;
  /** In the place of the run. */
  readonly server?: UpstreamOptions | undefined;
}

/**
 * Answers a file.
 * @throws GloreError naming file and line of the first bad row, before anything is computed; `file-same`
 */
export async function askFile(
  options: FileOptions,
  wanted: Wanted,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const items = await readItems(options.file, options);
  const { server } = options;
  const finished = server ? undefined : await readRun(options.run);
  if (finished) checkRoom(finished.run, items, options.questionField);
  if (options.out !== undefined) checkOther(options.out, options.file);
  const progress = reporter.stage('ask');
  if (finished) warn(items, options.run, unfamiliarTo(finished.run.recipe), progress);
  progress.total(items.length, 'questions');
  const note = (text: string) => progress.note(text);
  const work = async (asking: Asking) => {
    // Not before the models are open: what was written before is not lost to a run that cannot answer.
    const out = options.out === undefined ? undefined : await openOut(options.out);
    try {
      const right = await answerAll(
        items,
        asking,
        { ...options, ...wanted },
        {
          signal,
          progress,
          write: async (text) => {
            if (out) await explained(options.out!, () => out.writeFile(text));
            else process.stdout.write(process.stdout.isTTY ? visibleLines(text) : text);
          },
        },
      );
      if (right.length > 0) progress.note(accuracyOf(count(right), right.length));
      progress.done();
    } finally {
      await out?.close();
    }
  };
  if (server) await withUpstream({ ...server, signal, onWait: note }, wanted, work);
  else {
    const { workers } = finished!.run.recipe;
    await withRun(finished!, { workers, signal, note }, wanted, work);
  }
}

function warn(
  items: readonly Item[],
  folder: string,
  unfamiliar: Unfamiliar,
  progress: Progress,
): void {
  const strange = items.flatMap(({ row, question }) => {
    const reason = unfamiliar(question);
    return reason === undefined ? [] : [{ row, reason }];
  });
  if (strange.length === 0) return;
  const { row, reason } = strange[0]!;
  progress.note(
    `${strange.length} of ${items.length} questions have what the models have never seen, first on line ${row.line}: ${reason}; they know questions like those in ${problemsOf(folder)}`,
  );
}

interface Answering {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  write(text: string): Promise<void>;
}

/** Answers and writes items in their order; of those with a gold answer, whether they are right. */
async function answerAll(
  items: readonly Item[],
  { units, ask }: Asking,
  { trace, rounds }: Pick<FileOptions, 'trace'> & Pick<Wanted, 'rounds'>,
  { signal, progress, write }: Answering,
): Promise<boolean[]> {
  const { size, parallel } = units;
  const queue = chunks(items, Math.min(size, Math.ceil(items.length / parallel))).entries();
  const finished = new Map<number, string>();
  const right: boolean[] = [];
  let writing = Promise.resolve();
  let written = 0;
  let failed = false;
  const worker = async () => {
    for (const [index, unit] of queue) {
      if (signal.aborted || failed) return;
      try {
        const decisions = await ask(unit.map(({ question }) => question));
        const answers = unit.map((item, i) => answerTo(item, decisions[i]!));
        right.push(...answers.flatMap((answer) => answer.right ?? []));
        const rows = unit.map(({ row }, i) => {
          const decision = trace && { decision: toJson(decisions[i]!, rounds) };
          return `${JSON.stringify({ ...row.fields, [WRITTEN]: { ...answers[i]!, ...decision } })}\n`;
        });
        finished.set(index, rows.join(''));
        progress.advance(
          unit.length,
          right.length > 0 ? `${percent(count(right) / right.length)} right` : undefined,
        );
        // What was finished out of turn waits for the units before it.
        for (; finished.has(written); written++) {
          const text = finished.get(written)!;
          finished.delete(written);
          writing = writing.then(() => write(text));
        }
        await writing;
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: parallel }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  signal.throwIfAborted();
  return right;
}

/** What is written of a question's rounds. */
function answerTo({ gold }: Item, rounds: readonly Decision[]) {
  const answer = answerOf(rounds);
  // A later round that keeps the best so far calls it its draft.
  const decision = rounds.findLast(({ choice }) => choice > 0) ?? rounds[0]!;
  const { source, score } = chosen(decision);
  return {
    answer,
    ...(gold !== undefined && { right: answer !== null && judge({ gold, text: answer }).right }),
    source,
    location: decision.location,
    score,
    tokens: rounds
      .flatMap(({ candidates }) => candidates)
      .reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

const count = (right: readonly boolean[]): number => right.filter(Boolean).length;
