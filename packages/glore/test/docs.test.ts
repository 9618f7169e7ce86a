/** The documentation against what is there: the map and its arrows, links, commands and scripts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../src/cli/program.js';

const root = resolve(import.meta.dirname, '../../..');
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'packages/engine/README.md'],
  ...['packages/glore/README.md', 'trainers/hf/README.md'],
  ...['bench/NOTES.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)],
].filter((path) => path.endsWith('.md'));

const fences = /^ *```.*\n([\s\S]*?)^ *```$/gm;

describe('the map', () => {
  const sources = ['packages/glore/src', 'packages/engine/src', 'packages/web/src'];
  /** The folders of a package as the map lists them, in its order. */
  const mapped = (source: string): string[] => {
    const [, table = ''] = textOf('docs/architecture.md').split(`\n## ${source}\n`);
    return [...table.split('\n## ')[0]!.matchAll(/^\| `(.+)\/` \|/gm)].map(([, name]) => name!);
  };

  it.each(sources)('has the folders of %s', (source) => {
    const there = readdirSync(join(root, source), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => relative(join(root, source), join(parentPath, name)));
    expect(mapped(source).toSorted()).toEqual(there.toSorted());
  });

  it.each(sources)('imports from above alone in %s', (source) => {
    const order = mapped(source).filter((name) => !name.includes('/'));
    const folder = join(root, source);
    const down = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !/\.(test|testing)\.ts$/.test(path))
      .flatMap((path) =>
        [...readFileSync(join(folder, path), 'utf8').matchAll(/ from '(\.[^']+)'/g)].map(
          ([, target]) => ({
            path,
            from: order.indexOf(path.split('/')[0]!),
            to: order.indexOf(
              relative(folder, resolve(folder, dirname(path), target!)).split('/')[0]!,
            ),
          }),
        ),
      )
      // The package's door stands above all folders.
      .filter(({ from, to }) => from >= 0 && to > from);
    expect(down).toEqual([]);
  });
});

describe('links', () => {
  /** The anchors that GitHub gives the headings of a page. */
  const anchors = (path: string): string[] =>
    [
      ...textOf(path)
        .replace(fences, '')
        .matchAll(/^#+ (.+)$/gm),
    ].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );

  it.each(pages)('lead somewhere in %s', (page) => {
    const links = [
      ...textOf(page)
        .replace(fences, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ]
      .map(([, link]) => link!)
      .filter((link) => !/^https?:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('commands', () => {
  /** What stands in a page as code, a command on several lines as one. */
  const codeOf = (page: string): string[] => {
    const text = textOf(page);
    const blocks = [...text.matchAll(fences)].map(([, code]) => code!.replace(/\\\n\s*/g, ''));
    const spans = [...text.replace(fences, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
    return [...blocks.flatMap((code) => code.split('\n')), ...spans];
  };
  const named = (command: Command, name: string | undefined): Command | undefined =>
    command.commands.find((part) => part.name() === name);

  it.each(pages)('have the options that %s gives them', (page) => {
    const unknown = codeOf(page).flatMap((line) => {
      const [, said] = /(?:^|npx |run `)glore ([a-z][^#|&;]*)/.exec(line) ?? [];
      if (said === undefined) return [];
      const [first, second] = said.split(/\s+/);
      const command = named(program(), first);
      if (!command) return [line];
      const options = (named(command, second) ?? command).options.map(({ long }) => long);
      return (said.match(/(?<=\s)--[a-z-]+/g) ?? [])
        .filter((option) => !options.includes(option))
        .map((option) => `${option} in: ${line}`);
    });
    expect(unknown).toEqual([]);
  });

  it.each(pages)('are scripts of the package where %s has npm run them', (page) => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: object };
    const said = codeOf(page).flatMap((line) =>
      [...line.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name!),
    );
    expect(said.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
