import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { records } from '../records.testing.js';
import { groups, meaningOf, methodFirst, rowName, standardWays, type Way, wayOf } from './index.js';

const names = standardWays.map(({ name }) => name);

describe('standardWays', () => {
  it('have each name once, a meaning of their own, and a place in each group', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(standardWays.map(({ meaning }) => meaning)).size).toBe(names.length);
    expect(new Set(standardWays.map(({ group }) => group))).toEqual(new Set(groups));
  });

  it('are compared with and bounded by one another', () => {
    for (const { name, against = [], againstInStudies = [], headroom } of standardWays) {
      const bounds = headroom ? [headroom.over, ...headroom.anyOf] : [];
      for (const other of [...against, ...againstInStudies, ...bounds]) {
        expect(names, name).toContain(other);
      }
      expect([...against, ...againstInStudies], name).not.toContain(name);
    }
  });

  it('have one method and one baseline', () => {
    const roles = standardWays.flatMap(({ name, role }) => (role ? [[role, name]] : []));
    expect(roles).toEqual([
      ['baseline', 'draft'],
      ['method', 'rerank'],
    ]);
  });

  it('use as many samples as k says', () => {
    const [problem] = records as [(typeof records)[number]];
    // The samples have 1, 2, 3 and 4 tokens.
    for (const name of ['majority@k', 'weighted@k', 'best-of-k', 'both-of-k', 'oracle@k']) {
      const { way } = wayOf(name)!;
      const tokens = [1, 2, 3].map((k) => way.answer(problem, { k, tau: 0 })?.tokens);
      expect(tokens, name).toEqual([1, 3, 6]);
    }
  });

  it('never have right what their bound has wrong', () => {
    const right = (name: string, problem: (typeof records)[number]) =>
      wayOf(name)!.way.answer(problem, { k: 4, tau: 0.5 })?.right;
    for (const { name, headroom } of standardWays) {
      for (const problem of records) {
        if (!headroom || !right(name, problem)) continue;
        expect(
          headroom.anyOf.some((bound) => right(bound, problem)),
          name,
        ).toBe(true);
      }
    }
  });

  it('are the rows that the documentation explains', () => {
    const docs = resolve(import.meta.dirname, '../../../../../docs');
    const sections = readdirSync(docs)
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => readFileSync(join(docs, file), 'utf8').split(/^(?=#+ )/m))
      .filter((section) => /^#+ `rows`\n/.test(section));
    expect(sections).toHaveLength(1);
    // The first column; a cell may name two.
    const cells = [...sections[0]!.matchAll(/^\|(.*?)\|/gm)].map(([, cell]) => cell!);
    const explained = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, n]) => n));
    expect(explained.sort()).toEqual(names.toSorted());
  });
});

describe('rowName and wayOf', () => {
  it('put the number of samples into names and take it out again', () => {
    for (const way of standardWays) {
      expect(rowName(way, 16)).toBe(way.name.replace('@k', '@16').replace('-k', '-16'));
      const { way: found, k } = wayOf(rowName(way, 16))!;
      expect(found).toBe(way);
      expect(k).toBe(/[@-]k$/.test(way.name) ? 16 : undefined);
    }
    // No number of samples.
    expect(rowName({ name: 'bo3' }, 16)).toBe('bo3');
    expect(rowName({ name: 'rerank' }, 16)).toBe('rerank');
    expect(wayOf('bo4')).toBeUndefined();
    expect(wayOf('both')).toBeUndefined();
    expect(wayOf('draft', [])).toBeUndefined();
  });
});

describe('meaningOf', () => {
  it('says what a row is', () => {
    expect(meaningOf('rerank')).toBe('the ORM chooses of draft, global, local');
    expect(meaningOf('best-of-16')).toBe('the ORM chooses of 16 samples');
    expect(meaningOf('oracle@8')).toBe('one of 8 samples is right');
    expect(meaningOf('oracle-bo3')).toBe('one of 3 samples is right');
    for (const way of standardWays) expect(meaningOf(rowName(way, 8))).not.toMatch(/\bk\b|^$/);
    expect(meaningOf('of no way')).toBe('');
  });

  it("knows ways of one's own", () => {
    const mine: Way = {
      name: 'mine@k',
      meaning: 'the best of k by far',
      group: 'samples',
      answer: () => undefined,
    };
    expect(meaningOf('mine@2', [mine])).toBe('the best of 2 by far');
  });
});

describe('methodFirst', () => {
  it('puts the group of the method first and keeps the order otherwise', () => {
    const sorted = methodFirst(standardWays).map(({ name }) => name);
    const choices = standardWays.filter(({ group }) => group === 'choices').map(({ name }) => name);
    expect(sorted).toEqual([...choices, ...names.filter((name) => !choices.includes(name))]);
    const none = standardWays.filter(({ role }) => !role);
    expect(methodFirst(none)).toEqual(none);
  });
});
