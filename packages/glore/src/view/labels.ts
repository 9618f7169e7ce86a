/** The step labels of wrong samples, by the step's number. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cureOf, explained, readLines, recordIn } from '../files/index.js';
import { labelledShape } from '../label/index.js';
import { Derived, Pace } from './derived.js';
import type { LabelDepth } from './wire.js';

export function labelsByDepth(folder: string): Derived<LabelDepth[]> {
  const path = join(folder, 'labels', 'labels.jsonl');
  return new Derived([path], () => count(path));
}

async function count(path: string): Promise<LabelDepth[]> {
  if (!existsSync(path)) return [];
  const depths: { -readonly [K in keyof LabelDepth]: number }[] = [];
  const pace = new Pace();
  await explained(path, async () => {
    for await (const line of readLines(path)) {
      const { answer, labels, counts } = recordIn(path, line, labelledShape, cureOf(path));
      // A right sample verifies its own steps.
      if (answer === true) continue;
      for (const [i, positive] of labels.entries()) {
        depths[i] ??= { step: i + 1, labels: 0, positive: 0, attempts: 0, successes: 0 };
        depths[i].labels++;
        if (positive) depths[i].positive++;
        depths[i].attempts += counts[i]!.attempts;
        depths[i].successes += counts[i]!.successes;
      }
      if (pace.due) await pace.rest();
    }
  });
  return depths;
}
