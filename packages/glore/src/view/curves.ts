/** The curves of a run's trainings, those that are going on among them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files/index.js';
import { stageNames } from '../pipeline/index.js';
import { readCurve } from '../train/index.js';
import type { TrainingCurve } from './wire.js';

/** About so many points of a training at most, the first and the last among them: a picture shows no more. */
const mostPoints = 300;

/** In the order of the stages, and in them of the trainings. */
export function curveFiles(folder: string): { readonly name: string; readonly path: string }[] {
  return stageNames.flatMap((stage) =>
    namesIn(join(folder, stage))
      .filter((name) => /^(expected|first|training(-\d+)?)$/.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((name) => ({
        name: nameOf(stage, name),
        path: join(folder, stage, name, 'curve.jsonl'),
      }))
      .filter(({ path }) => existsSync(path)),
  );
}

export async function curvesOf(folder: string): Promise<TrainingCurve[]> {
  const curves: TrainingCurve[] = [];
  for (const { name, path } of curveFiles(folder)) {
    const points = await readCurve(path);
    const step = Math.ceil(points.length / mostPoints);
    const shown = points.filter((_, i) => i % step === 0 || i === points.length - 1);
    if (shown.length === 0) continue;
    curves.push({
      name,
      points: shown.map(({ step, tokens, loss, heldOut }) => ({ step, tokens, loss, heldOut })),
    });
  }
  return curves;
}

/** `student, round 0 (SFT)`, `sorm, first`, `global` */
function nameOf(stage: string, training: string): string {
  const [, round] = /^training-(\d+)$/.exec(training) ?? [];
  if (round !== undefined) return `${stage}, round ${round}${round === '0' ? ' (SFT)' : ''}`;
  return training === 'training' ? stage : `${stage}, ${training}`;
}
