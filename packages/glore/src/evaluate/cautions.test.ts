import { describe, expect, it } from 'vitest';
import { REFINE_ALL } from '../refine/index.js';
import { cautionsOf } from './cautions.js';
import { type ProblemRecords, recordsOf } from './records.js';
import { done, refined, solution } from './records.testing.js';

/** Problems with a right and three wrong samples, a wrong draft every other time, which is refined rightly. */
const dev = ({
  orm = 0.9,
  sorm = 0.9,
  fixed = true,
  answer = '5' as string | null,
  problems = 12,
}): ProblemRecords[] => {
  const names = Array.from({ length: problems }, (_, i) => `p${i}`);
  const valued = (right: boolean) => {
    const value = (high: number) => (right ? high : 1 - high);
    return { ...solution(right, value(orm), answer, 5), sorm: [0.9, 0.8, value(sorm)] };
  };
  return recordsOf(
    names.map((problem, i) => ({
      problem,
      draft: valued(i % 2 === 0),
      samples: [valued(true), valued(false), valued(false), valued(false)],
    })),
    names.map((problem, i) =>
      refined(
        problem,
        { draft: [i % 2 === 0, 0.1, 5], global: [i % 2 === 0 || fixed, 0.9, 5] },
        { localOrm: done(true, 5), localTruth: null },
      ),
    ),
  );
};

describe('cautionsOf', () => {
  it('says nothing of what can be measured', () => {
    expect(cautionsOf(dev({}), 0.5)).toEqual([]);
  });

  it('names a critic that values right and wrong alike, or the wrong way round', () => {
    expect(cautionsOf(dev({ orm: 0.5 }), 0.7)[0]).toMatch(/^the ORM is not surely better.*0\.500/);
    const [only, ...others] = cautionsOf(dev({ sorm: 0.2 }), 0.5);
    expect(only).toMatch(/^the SORM is not surely better.*AUC within problems 0\.000/);
    expect(others).toEqual([]);
  });

  it('names critics that nothing can be said of', () => {
    const same = dev({}).map((problem) => ({
      ...problem,
      attempts: { ...problem.attempts, samples: [problem.attempts.samples[0]!] },
    }));
    expect(cautionsOf(same, 0.5)).toHaveLength(2);
    expect(cautionsOf(same, 0.5)[0]).toMatch(/^no dev problem has right and wrong samples/);
  });

  it.each([
    [0, /^the gate refines no draft/],
    [REFINE_ALL, /^the gate refines every draft/],
  ])('names a gate at %d', (tau, said) => {
    expect(cautionsOf(dev({}), tau)).toEqual([expect.stringMatching(said)]);
  });

  it('names refinements that can gain next to nothing', () => {
    expect(cautionsOf(dev({ fixed: false }), 0.5)).toEqual([
      expect.stringMatching(/^refinements can gain no problem of 12/),
    ]);
    expect(cautionsOf(dev({ problems: 2 }), 0.5)).toEqual([
      expect.stringMatching(/^refinements can gain one problem of 2 on dev \(1 chosen\)/),
    ]);
  });

  it('names solutions without an answer', () => {
    const some = dev({}).with(0, dev({ answer: null })[0]!);
    expect(cautionsOf(some, 0.5)).toEqual([expect.stringMatching(/^8\.3% of the student's/)]);
  });
});
