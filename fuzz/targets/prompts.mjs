/** Folders of prompts, as `glore prompts` writes them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { readPrompts, shippedPrompts } from '../../packages/glore/dist/model/openai/index.js';
import { mutateBytes, mutateJson, mutateText, mutateValue, oddTexts } from '../mutate.mjs';
import { holds } from '../outcome.mjs';

/** What YAML has and JSON has not. */
const twists = [
  '*a',
  '&a ',
  '!!binary aGk=',
  '!!set {a}',
  '? ',
  '<<: *a\n',
  '--- ',
  '%YAML 9.9\n---\n',
  '|-\n  x',
  '>+9\n x',
  '&a [*a]',
  '.inf',
  '2001-01-01',
  '~',
  '\t',
  `&a [${'x, '.repeat(30)}]\nb: &b [${'*a, '.repeat(30)}]\nc: [${'*b, '.repeat(30)}]`,
  `[${'*a, '.repeat(300)}]`,
  '- '.repeat(200),
];

function twisted(random, text) {
  const lines = text.split('\n');
  const at = random.whole(0, lines.length - 1);
  const twist = random.of(twists);
  lines[at] = random.of([twist, `${lines[at]}${twist}`, lines[at].replace(': ', `: ${twist}`)]);
  return lines.join('\n');
}

export const prompts = {
  name: 'prompts',
  about:
    'folders of prompts with other files and other YAML: read with their places, or the file is named',
  share: 1,
  weight: 0.3,
  async open({ folder }) {
    const work = join(folder, 'prompts');
    const files = readdirSync(shippedPrompts).sort();
    const texts = new Map(
      files.map((name) => [name, readFileSync(join(shippedPrompts, name), 'utf8')]),
    );
    return {
      make(random) {
        const name = random.of(files);
        const choice = random.share();
        if (choice < 0.03) return { name, as: random.of(['folder', 'alone', 'none']) };
        const text = texts.get(name);
        const value = parse(text);
        const bytes =
          choice < 0.1
            ? mutateBytes(random, Buffer.from(text))
            : choice < 0.3
              ? Buffer.from(mutateText(random, text))
              : choice < 0.55
                ? Buffer.from(twisted(random, random.chance(0.3) ? twisted(random, text) : text))
                : choice < 0.75
                  ? mutateJson(random, value)
                  : Buffer.from(stringify(mutateValue(random, value)) ?? '');
        const other = random.chance(0.03) ? `${random.of(oddTexts)}.yaml` : name;
        const plain = /^[^/\0]{1,200}$/.test(other) && !/[\ud800-\udfff]/.test(other);
        return { name: plain ? other : name, bytes };
      },
      run({ name, as, bytes }) {
        rmSync(work, { recursive: true, force: true });
        if (as === 'alone') writeFileSync(work, 'prompt: "{question}"');
        else if (as !== 'none') mkdirSync(work);
        if (as === 'folder') mkdirSync(join(work, name));
        else if (bytes) writeFileSync(join(work, name), bytes);
        const found = Object.values(readPrompts(work));
        holds(
          found.length > 0 &&
            found.every(({ prompt }) => typeof prompt === 'string' && /\{[a-z]+\}/.test(prompt)),
          'shape',
          () => JSON.stringify(found).slice(0, 300),
        );
        return 'read';
      },
    };
  },
};
