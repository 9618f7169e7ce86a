import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { availableProviders, buildTokenizer, providers } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseRecipe, readRecipe } from './recipe.js';

const root = resolve(import.meta.dirname, '../../../..');
const base = join(root, 'checkpoints/base');

const here = availableProviders()
  .map((name) => `"${name}"`)
  .join(' or ');
/** No platform has CoreML and DirectML both. */
const absent = providers.find((name) => !availableProviders().includes(name));

const yaml = `seed: 1
workers: 2
base: ${base}
problems:
  source: world
  settings:
    steps: [2, 6]
    maxValue: 999
    operands: [11, 499]
    factors: [2, 9]
    operations: { gain: 4, lose: 4, times: 1.5, share: 1 }
    named: 0.3
    distractors: 0.3
  dev: 500
  test: 1500
maxTokens: 160
student:
  sft: { problems: 4000, epochs: 1, batch: 32, rate: 1.0e-3 }
  expertIteration:
    { rounds: 1, problems: 2000, samples: 4, temperature: 1, epochs: 1, batch: 32, rate: 1.0e-3 }
drafts: { problems: 8000, samples: 4, temperature: 1 }
rollouts:
  samples: 4000
  count: 8
  temperature: 1
labels: { propagation: true, consistency: true, balance: true }
localPairs: 3
training:
  orm: { start: student, candidates: 0, epochs: 1, batch: 32, rate: 1.0e-3 }
  sorm: { epochs: 2, batch: 32, rate: 1.0e-3, examples: 900 }
  global: { epochs: 1, batch: 32, rate: 1.0e-3, plain: 0.25 }
  local: { epochs: 1, batch: 32, rate: 1.0e-3, plain: 0.25 }
evaluation: { samples: 8, temperature: 1 }
presets:
  quick:
    problems: { test: 1000 }
    rollouts:
      samples: 1000
`;

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'glore-recipe-'));
  path = join(folder, 'recipe.yaml');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads the recipe with some of its text replaced. */
function read(from = '', to = '', preset?: string | readonly string[]) {
  if (!yaml.includes(from)) throw new Error(`the recipe of the test has no "${from}"`);
  writeFileSync(path, yaml.replace(from, to));
  return readRecipe(path, preset);
}

/** Each replaces some text; then comes what the message says after the file. */
type Wrong = [what: string, from: string, to: string, message: string];

const refuses = (list: Wrong[], preset?: string) =>
  it.each(list)('refuses %s', (_, from, to, message) => {
    expect(() => read(from, to, preset)).toThrow(
      expect.objectContaining({ code: 'recipe', message: `${path}${message}` }),
    );
  });

describe('readRecipe', () => {
  it('reads a recipe', () => {
    expect(read()).toMatchObject({
      base,
      problems: { settings: { steps: [2, 6], maxValue: 999 }, test: 1500 },
      rollouts: { method: 'adaptive', samples: 4000, count: 8, temperature: 1 },
    });
    expect(read()).not.toHaveProperty('presets');
  });

  it('lays a preset over it, key by key', () => {
    const recipe = read();
    expect(read('', '', 'quick')).toEqual({
      ...recipe,
      problems: { ...recipe.problems, test: 1000 },
      rollouts: { ...recipe.rollouts, samples: 1000 },
    });
  });

  it('takes a provider that is there, and bits', () => {
    expect(read('workers: 2', 'workers: 2\nprovider: cpu').provider).toBe('cpu');
    expect(read('workers: 2', 'workers: 2\nbits: 8').bits).toBe(8);
  });

  it('finds the base from the recipe, not from where it is read', () => {
    cpSync(base, join(folder, 'mine'), { recursive: true });
    expect(read(base, './mine').base).toBe(join(folder, 'mine'));
  });

  it.each([undefined, 'quick', 'served'])('reads the main recipe, preset %s', (preset) => {
    expect(readRecipe(join(root, 'recipes/tiny.yaml'), preset).base).toBe(base);
  });

  it('reads the recipe with served models', () => {
    const { models, endpoints } = readRecipe(join(root, 'recipes/served.yaml'));
    expect(endpoints).toMatchObject({ local: { url: 'http://localhost:8000/v1' } });
    expect(models!.orm).toEqual({
      endpoint: 'local',
      model: 'orm',
      api: 'completions',
      spelling: 'tokens',
      scoring: 'logprobs',
      positive: 1,
    });
  });
});

describe('a wrong key', () => {
  const rolloutKeys = 'method, samples, count, temperature, others, unsolved';
  refuses([
    [
      'one that is misspelt',
      '  count: 8',
      '  cuont: 8',
      `:24: rollouts.cuont: expected one of the keys ${rolloutKeys}, found this one`,
    ],
    [
      'one that does not belong there',
      'localPairs: 3',
      'localPairs: 3\nlearningRate: 1',
      ':28: learningRate: expected one of the keys seed, workers, provider, bits, base, problems, maxTokens, student, drafts, rollouts, labels, localPairs, localDrafts, pairing, kept, training, evaluation, endpoints, models, trainer, presets, found this one',
    ],
    [
      'a missing one, at the map it should be in',
      '  count: 8\n',
      '',
      ':22: rollouts.count: expected a number, found nothing',
    ],
    ['a missing one of the file', 'seed: 1\n', '', ': seed: expected a number, found nothing'],
    [
      'a missing map',
      'labels: { propagation: true, consistency: true, balance: true }\n',
      '',
      ': labels: expected a map of keys, found nothing',
    ],
    [
      'one that is there twice',
      'seed: 1',
      'seed: 1\nseed: 2',
      ':2: expected YAML, found an error: Map keys must be unique',
    ],
    [
      'a name that objects lose',
      'presets:\n',
      'presets:\n  __proto__: { seed: 2 }\n',
      ':35: expected another name, found __proto__',
    ],
  ]);
});

describe('a wrong value', () => {
  refuses([
    [
      'text for a number',
      'count: 8',
      'count: many',
      ':24: rollouts.count: expected a number, found "many"',
    ],
    [
      'nothing for a number',
      'count: 8',
      'count:',
      ':24: rollouts.count: expected a number, found nothing',
    ],
    [
      'half a worker',
      'workers: 2',
      'workers: 1.5',
      ':2: workers: expected a whole number, found 1.5',
    ],
    [
      'text for a switch',
      'balance: true',
      'balance: yes',
      ':26: labels.balance: expected true or false, found "yes"',
    ],
    [
      'a number for a map',
      'labels: {',
      'labels: 1 #',
      ':26: labels: expected a map of keys, found 1',
    ],
    [
      'a provider that no machine has',
      'workers: 2',
      'workers: 2\nprovider: gpu',
      `:3: provider: expected ${here}, found "gpu"`,
    ],
    [
      'bits that there are not',
      'workers: 2',
      'workers: 2\nbits: 4',
      ':3: bits: expected 8 or 32, found 4',
    ],
    [
      'a provider that this machine lacks',
      'workers: 2',
      `workers: 2\nprovider: ${absent}`,
      `:3: provider: expected ${here}, found "${absent}"`,
    ],
    ['a list for a path', `base: ${base}`, 'base: [a]', ':3: base: expected text, found ["a"]'],
    [
      'an unknown source',
      'source: world',
      'source: mars',
      ':5: problems.source: expected "world" or "gsm8k" or "svamp" or "jsonl", found "mars"',
    ],
    [
      'too small a number',
      'count: 8',
      'count: 0',
      ':24: rollouts.count: expected at least 1, found 0',
    ],
    [
      'no more samples in all than at first',
      'drafts: { problems: 8000, samples: 4',
      'drafts: { problems: 8000, samples: 4, further: { most: 4, temperature: 1 }',
      ':21: drafts.further.most: expected more than samples, found 4',
    ],
    [
      'too large a number',
      'workers: 2',
      'workers: 999',
      ':2: workers: expected at most 256, found 999',
    ],
    [
      'no rate',
      'examples: 900',
      'examples: 0',
      ':30: training.sorm.examples: expected at least 1, found 0',
    ],
    [
      'a rate of nothing',
      'sft: { problems: 4000, epochs: 1, batch: 32, rate: 1.0e-3',
      'sft: { problems: 4000, epochs: 1, batch: 32, rate: 0',
      ':18: student.sft.rate: expected more than 0, found 0',
    ],
    ['no path', `base: ${base}`, 'base: ""', ':3: base: expected some text, found ""'],
    [
      'a short range',
      'steps: [2, 6]',
      'steps: [2]',
      ':7: problems.settings.steps: expected at least 2 items, found [2]',
    ],
    [
      'text in a range',
      'steps: [2, 6]',
      'steps: [2, six]',
      ':7: problems.settings.steps.1: expected a number, found "six"',
    ],
    [
      'too few samples for best-of-3',
      'evaluation: { samples: 8',
      'evaluation: { samples: 2',
      ':33: evaluation.samples: expected at least 3, found 2',
    ],
    [
      'no round, not even the first',
      'evaluation: { samples: 8',
      'evaluation: { rounds: 0, samples: 8',
      ':33: evaluation.rounds: expected at least 1, found 0',
    ],
  ]);
});

describe('adaptive rollouts', () => {
  const without = ['propagation: true', 'propagation: false'] as const;
  refuses([
    [
      'another method',
      'rollouts:\n',
      'rollouts:\n  method: greedy\n',
      ':23: rollouts.method: expected "adaptive" or "brute", found "greedy"',
    ],
    [
      'labels without propagation',
      ...without,
      ':26: labels.propagation: expected true, since adaptive rollouts only find the flip (or rollouts.method: brute), found false',
    ],
  ]);

  it('takes brute force with or without propagation', () => {
    expect(read('rollouts:\n', 'rollouts:\n  method: brute\n').rollouts.method).toBe('brute');
    const both = `rollouts:\n  method: brute${yaml.slice(yaml.indexOf('rollouts:') + 9).replace(...without)}`;
    expect(read(yaml.slice(yaml.indexOf('rollouts:')), both).labels.propagation).toBe(false);
  });
});

describe('a world without problems', () => {
  refuses([
    [
      'steps from high to low',
      'steps: [2, 6]',
      'steps: [6, 2]',
      ':7: problems.settings.steps: expected two whole numbers [low, high] from 1 to 12, found [6, 2]',
    ],
    [
      'a tiny world',
      'maxValue: 999',
      'maxValue: 5',
      ':8: problems.settings.maxValue: expected a whole number from 20 to 1000000, found 5',
    ],
    [
      'a negative weight',
      'gain: 4',
      'gain: -4',
      ':11: problems.settings.operations.gain: expected at least 0, found -4',
    ],
    [
      'a share above 1',
      'named: 0.3',
      'named: 3',
      ':12: problems.settings.named: expected at most 1, found 3',
    ],
  ]);
});

describe('adapters', () => {
  const orm = 'orm: { start: student,';
  const sorm = 'sorm: { epochs: 2,';

  it('are read, of the student too', () => {
    const { training, student } = read('sft: {', 'sft: { lora: { rank: 8, targets: [q_proj] },');
    expect(student.sft.lora).toEqual({ rank: 8, targets: ['q_proj'] });
    expect(training.sorm.lora).toBeUndefined();
  });

  it('are refused where they do not stand on weights of the run, or change on the way', () => {
    expect(() => read(orm, 'orm: { lora: { rank: 4 }, start: base,')).toThrow(
      /training\.orm\.start: expected student or sorm, since an adapter stands on .*"base"/,
    );
    const both = (rank: number) => () => {
      const given = yaml.replace(orm, `orm: { lora: { rank: ${rank} }, start: sorm,`);
      writeFileSync(path, given.replace(sorm, `sorm: { lora: { rank: 4 }, epochs: 2,`));
      return readRecipe(path);
    };
    expect(both(4)().training.orm.lora).toEqual({ rank: 4 });
    expect(both(8)).toThrow(
      /training\.orm\.lora: expected that of the sorm, since the orm goes on/,
    );
    expect(() => read(sorm, 'sorm: { lora: { rank: 4, targets: [lm_head] }, epochs: 2,')).toThrow(
      /training\.sorm\.lora\.targets\.0: expected .*q_proj/,
    );
    expect(() => read(sorm, 'sorm: { lora: { rank: 0 }, epochs: 2,')).toThrow(
      /training\.sorm\.lora\.rank: expected/,
    );
  });
});

describe('a file that is no recipe', () => {
  refuses([
    [
      'broken YAML',
      'seed: 1',
      'seed: [1',
      ':2: expected YAML, found an error: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'an alias of nothing',
      'seed: 1',
      'seed: *one',
      ': expected YAML, found an error: Unresolved alias (the anchor must be set before the alias)',
    ],
    ['an empty file', yaml, '', ': expected a map of keys, found nothing'],
    ['a list', yaml, '- 1', ': expected a map of keys, found [1]'],
  ]);

  it('refuses a file that is not there', () => {
    expect(() => readRecipe(join(folder, 'none.yaml'))).toThrow(
      expect.objectContaining({
        code: 'recipe',
        message: expect.stringMatching(/none\.yaml: expected a recipe file, found none to read/),
      }),
    );
  });
});

describe('a wrong preset', () => {
  refuses(
    [
      [
        'an unknown one',
        'quick:',
        'fast:',
        ':34: presets: expected a preset of the recipe (fast), found "quick"',
      ],
      [
        'one where there are none',
        yaml.slice(yaml.indexOf('presets:')),
        '',
        ': presets: expected a preset of the recipe (it has none), found "quick"',
      ],
      [
        'presets that are no map',
        yaml.slice(yaml.indexOf('presets:')),
        'presets: 3',
        ':34: presets: expected a map of keys, found 3',
      ],
      [
        'one that is no map',
        yaml.slice(yaml.indexOf('  quick:')),
        '  quick: 3',
        ':35: presets.quick: expected a map of keys, found 3',
      ],
      [
        'its unknown key, by the line in it',
        'samples: 1000',
        'amount: 1000',
        ':38: rollouts.amount: expected one of the keys method, samples, count, temperature, others, unsolved, found this one',
      ],
      [
        'its wrong value, by the line in it',
        'samples: 1000',
        'samples: 0',
        ':38: rollouts.samples: expected at least 1, found 0',
      ],
      [
        'its wrong world, by the line in it',
        'test: 1000',
        'settings: { maxValue: 5 }',
        ':36: problems.settings.maxValue: expected a whole number from 20 to 1000000, found 5',
      ],
      [
        'presets in presets',
        'problems: { test: 1000 }',
        'presets: {}',
        ':36: presets: expected one of the keys seed, workers, provider, bits, base, problems, maxTokens, student, drafts, rollouts, labels, localPairs, localDrafts, pairing, kept, training, evaluation, endpoints, models, trainer, found this one',
      ],
    ],
    'quick',
  );

  it('does not take what every map has for a preset', () => {
    expect(() => read('', '', 'toString')).toThrow('(quick), found "toString"');
  });
});

describe('two presets', () => {
  const both = `presets:
  more:
    rollouts: { samples: 10, count: 3 }
    evaluation: { samples: 4 }
  same:
    rollouts: { samples: 10, temperature: 0.5 }
  other:
    rollouts: { samples: 11 }
  quick:`;

  it('are laid over each other in their order', () => {
    const recipe = read();
    expect(read('presets:\n  quick:', both, ['more', 'same'])).toEqual({
      ...recipe,
      rollouts: { ...recipe.rollouts, samples: 10, count: 3, temperature: 0.5 },
      evaluation: { ...recipe.evaluation, samples: 4 },
    });
  });

  it('are refused by name where they say different things', () => {
    expect(() => read('presets:\n  quick:', both, ['more', 'same', 'other'])).toThrow(
      expect.objectContaining({
        code: 'recipe',
        message: `${path}:41: presets.other.rollouts.samples: expected what the preset more says, or nothing: they cannot be laid over each other, found something else`,
      }),
    );
  });
});

describe('names and secrets', () => {
  const added = (text: string) => () => {
    const key = /^(?:base|drafts):/.exec(text)?.[0];
    const line = key && yaml.split('\n').find((one) => one.startsWith(key));
    return line ? read(line, text) : read('evaluation:', `${text}\nevaluation:`);
  };

  it.each(['../../elsewhere/x', 'a/b', '.', '..', '', 'a b', 'coverage', '-x', 'x\\u0000'])(
    'refuses an endpoint that is called %j, which would be a file elsewhere',
    (name) => {
      const yaml = `endpoints: { "${name}": { url: "http://h/v1" } }`;
      expect(added(yaml)).toThrow(/: endpoints\.(coverage|\(another name\)): expected a name /);
    },
  );

  it('refuses a preset that would be a folder elsewhere', () => {
    expect(() => read('  quick:', '  "../x":')).toThrow(
      /: presets\.\(another name\): expected a name of at most 64 letters/,
    );
  });

  it.each([
    'endpoints: { a: { url: "http://u:hunter2@h/v1" } }',
    'endpoints: { a: { url: "http://u:%68unter2@h" } }',
    'endpoints: { a: { url: "ftp://u:hunter2@h/v1" } }',
    'endpoints: { a: { url: "http://h/v1", key: sk-hunter2 } }',
    'endpoints: { a: { url: "http://h/v1", key: [hunter2] } }',
    'endpoints: { a: { url: "http://h/v1", apikey: sk-hunter2 } }',
    'endpoints: { a: { url: "http://h/v1", sk-hunter2: 1 } }',
    'endpoints: { a: { url: "http://h/v1", timeout: hunter2 } }',
    'endpoints: { "http://u:hunter2@h": { url: 5 } }',
    'endpoints: hunter2',
    'models: { student: { endpoint: "http://u:hunter2@h", model: m } }',
    'models: { student: { endpoint: sk-hunter2, model: m } }',
    'models: { student: { model: [hunter2] } }',
    'sk-hunter2: 1',
    'key: *hunter2',
    'key: "sk-hunter2',
    'key: @sk-hunter2',
    'key: "\\hunter2"',
    'drafts: "https://hunter2@h"',
    'base: "https://hunter2@h"',
  ])('shows nothing of what it refuses: %s', (text) => {
    let said = '';
    try {
      added(text)();
    } catch (error) {
      expect(error).toMatchObject({ name: 'GloreError', code: 'recipe' });
      said = (error as Error).message;
    }
    expect(said).toMatch(/: expected /);
    expect(said).not.toMatch(/unter|68unter/);
  });

  it('names what it knows in a map that may be none', () => {
    const further = 'samples: 4, temperature: 1, further: { zz: 1 } }';
    expect(() => read('samples: 4, temperature: 1 }\nrollouts', `${further}\nrollouts`)).toThrow(
      'drafts.further.zz: expected one of the keys most, temperature, found this one',
    );
  });
});

describe('what would take long to read', () => {
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');

  it.each<[what: string, text: string, message: string]>([
    ['bytes', `# ${'x'.repeat(300_000)}`, ': expected at most 262144 bytes, found 300002'],
    ['keys', lines(5000, (i) => `k${i}: 1`), ':4097: expected at most 4096 keys'],
    ['aliases', `a: &a 1\n${lines(300, (i) => `k${i}: *a`)}`, ':258: expected at most 256 aliases'],
    ['lists', `a: ${'['.repeat(20_000)}`, ':1: expected at most 64 lists and maps in one another'],
    ['items', `a:\n  ${'- '.repeat(20_000)}1`, ':2: expected at most 64 lists and maps'],
    ['questions', '? '.repeat(20_000), ':1: expected at most 64 lists and maps'],
  ])('is refused before that: %s', (_, text, message) => {
    writeFileSync(path, text);
    expect(() => readRecipe(path)).toThrow(
      expect.objectContaining({ code: 'recipe', message: expect.stringContaining(path + message) }),
    );
  });

  it.skipIf(process.platform === 'win32')('is no file', () => {
    const pipe = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    expect(() => readRecipe(pipe)).toThrow(`${pipe}: expected a file, found a pipe`);
    expect(() => readRecipe(folder)).toThrow(`${folder}: expected a file, found a folder`);
    expect(() => readRecipe('/dev/zero')).toThrow('expected a file, found a device');
  });
});

describe('seeds', () => {
  it.each(['9007199254740993', '9007199254740991', '1000000000001', '1.5', '-1'])(
    'that would not stay exact are refused: %s',
    (seed) => {
      expect(() => read('seed: 1', `seed: ${seed}`)).toThrow(/:1: seed: expected /);
    },
  );
});

describe('a wrong base', () => {
  const refusesBase = (name: string, message: string) =>
    expect(() => read(base, `./${name}`)).toThrow(
      expect.objectContaining({
        code: 'recipe',
        message: expect.stringMatching(new RegExp(`^${path}:3: base: expected ${message}`)),
      }),
    );

  it('refuses a folder that is not there, or no model', () => {
    refusesBase('none', 'the folder of a base checkpoint, found no config.json in .*/none');
    refusesBase('.', 'the folder of a base checkpoint, found no config.json in ');
  });

  it('takes one without the special tokens, and refuses one where they are words', () => {
    cpSync(base, join(folder, 'other'), { recursive: true });
    const tokenizer = join(folder, 'other/tokenizer.json');
    const expected = 'a base checkpoint whose tokenizer can be used, found .*/other with another';
    const lacking = buildTokenizer({ texts: ['Fay has 1.'], special: ['<|pad|>'] });
    writeFileSync(tokenizer, lacking);
    expect(read(base, './other').base).toBe(join(folder, 'other'));
    const json = JSON.parse(lacking);
    json.model.vocab['[BAD]'] = json.model.vocab.Fay;
    writeFileSync(tokenizer, JSON.stringify(json));
    refusesBase('other', `${expected} \\(special token "\\[BAD\\]": expected a spelling`);
    writeFileSync(tokenizer, '{}');
    refusesBase('other', expected);
  });
});

describe('parseRecipe', () => {
  it('names unknown keys in lists', () => {
    const schema = z.strictObject({ phases: z.array(z.strictObject({ steps: z.int() })) });
    writeFileSync(path, 'phases:\n  - steps: 1\n  - steps: 2\n    rate: 1\n');
    expect(() => parseRecipe(path, schema)).toThrow(
      `${path}:4: phases.1.rate: expected one of the keys steps, found this one`,
    );
    writeFileSync(path, 'phases:\n  - steps: 1\n  - steps: two\n');
    expect(() => parseRecipe(path, schema)).toThrow(
      `${path}:3: phases.1.steps: expected a number, found "two"`,
    );
  });
});

describe('a trainer', () => {
  /** The recipe with a trainer of these settings, and with some of its text replaced. */
  const trained = (settings: string, from = '', to = '') => {
    if (!yaml.includes(from)) throw new Error(`the recipe of the test has no "${from}"`);
    const roles = ['student', 'sorm', 'orm'];
    const models = roles.map((role) => `${role}: { endpoint: a, model: ${role} }`).join(', ');
    const added = `endpoints: { a: { url: "http://h/v1" } }
models: { ${models} }
trainer: { base: b, ${settings} }
`;
    writeFileSync(path, yaml.replace(from, to).replace('evaluation:', `${added}evaluation:`));
    return () => readRecipe(path);
  };

  it('has a command that is parted into words, and a folder from the recipe', () => {
    const command = `"srun 'a b' {arguments}"`;
    const given = trained(`roles: [sorm], command: ${command}, folder: ..`)();
    expect(given.trainer).toEqual({
      base: 'b',
      roles: ['sorm'],
      command: ['srun', 'a b', '{arguments}'],
      options: ['--for-server'],
      folder: dirname(folder),
    });
  });

  it.each([
    ['roles: [local]', /trainer\.roles: expected roles that models has, .* found local/],
    ['', /trainer\.roles: expected roles that models has, .* found global/],
    ['roles: [sorm], command: "run {data}"', /trainer\.command: expected a command with \{out\}/],
    ['roles: [sorm], command: "a {out} {model}"', /trainer\.command: expected .* not \{model\}/],
    [`roles: [sorm], command: "run '"`, /trainer\.command: expected a command whose quotes/],
    ['roles: [sorm], serve: { command: "a {out}" }', /serve\.command: expected .* not \{out\}/],
    [
      'roles: [student], serve: { lora: true }',
      /trainer\.serve\.command: expected a command, since the student of each round is served/,
    ],
  ])('is refused with %s', (settings, said) => {
    expect(trained(settings)).toThrow(said);
  });

  it('makes a student in rounds, from worked solutions, where it can serve each', () => {
    const serving = 'roles: [student], serve: { command: run }';
    expect(trained(serving)().student.expertIteration.rounds).toBe(1);
    expect(trained('roles: [student]', 'rounds: 1', 'rounds: 0')().trainer?.serve).toBeUndefined();
    expect(trained(serving, 'problems: 4000', 'problems: 0')).toThrow(
      /student\.sft\.problems: expected at least 1, since the first student of a trainer/,
    );
  });

  it('has a first SORM where it is served, by a command that goes on from an adapter', () => {
    const doubting = (settings: string) =>
      trained(`roles: [sorm], ${settings}`, 'sorm: {', 'sorm: { doubt: 0.2,');
    for (const serve of ['lora: true', 'command: run']) {
      expect(doubting(`serve: { ${serve} }`)().training.sorm.doubt).toBe(0.2);
    }
    expect(doubting('folder: .')).toThrow(
      /trainer\.serve: expected a command or lora, since the first SORM is served/,
    );
    expect(doubting('serve: {}')).toThrow(/trainer\.serve: expected a command or lora/);
    const bare = 'run {data} {out}';
    expect(doubting(`serve: { lora: true }, command: "${bare}"`)).toThrow(
      /trainer\.command: expected a command with \{adapter\}, or with \{arguments\}, since the SORM/,
    );
    const able = doubting(`serve: { lora: true }, command: "${bare} {adapter}"`);
    expect(able().trainer?.command).toEqual(['run', '{data}', '{out}', '{adapter}']);
    // Nothing is doubted, so there is no first one.
    expect(trained('roles: [sorm]', 'sorm: {', 'sorm: { doubt: 0,')().training.sorm.doubt).toBe(0);
  });

  it('has an ORM that goes on from its SORM', () => {
    const going = (settings: string) => trained(settings, 'start: student', 'start: sorm');
    expect(going('roles: [sorm, orm]')().training.orm.start).toBe('sorm');
    expect(going('roles: [orm]')).toThrow(
      /training\.orm\.start: expected student or base, since the trainer has no SORM/,
    );
    expect(going('roles: [sorm, orm], command: "run {data} {out}"')).toThrow(
      /trainer\.command: expected a command with \{adapter\}.* since the ORM goes on/,
    );
  });

  it.each([
    ['student: { endpoint: a, model: s }', 'none, since what a served student expects'],
    [
      'student: { endpoint: a, model: s }, sorm: { endpoint: a, model: t }',
      'none, since a trainer',
      'trainer: { base: b, roles: [sorm] }\n',
    ],
  ])('has no student here to expect anything: %s', (models, said, more = '') => {
    const expected = 'expected: { epochs: 1, batch: 8, rate: 1.0e-3, layers: 1, replaced: 0.1 }';
    const served = `endpoints: { a: { url: "http://h/v1" } }\nmodels: { ${models} }\n${more}`;
    const text = yaml.replace('sorm: {', `sorm: { ${expected},`);
    writeFileSync(path, text);
    expect(readRecipe(path).training.sorm.expected).toMatchObject({ layers: 1, replaced: 0.1 });
    writeFileSync(path, text.replace('evaluation:', `${served}evaluation:`));
    expect(() => readRecipe(path)).toThrow(`training.sorm.expected: expected ${said}`);
    writeFileSync(path, text.replace('sorm: {', 'sorm: { lora: { rank: 2 },'));
    expect(() => readRecipe(path)).toThrow(
      'training.sorm.expected: expected none, since the layers',
    );
  });

  it('is told by its options what it learns', () => {
    expect(trained('roles: [sorm]', 'sorm: {', 'sorm: { lora: { rank: 8 },')).toThrow(
      /training\.sorm\.lora: expected none, since the options of a trainer say/,
    );
    const rounds = '{ rounds: 1,';
    expect(trained('roles: [student]', rounds, `${rounds} lora: { rank: 8 },`)).toThrow(
      /student\.expertIteration\.lora: expected none, since the options of a trainer say/,
    );
  });

  it.each(['sorm', 'orm'])('learns the labels of %s at the ends of lines alone', (role) => {
    expect(trained(`roles: [${role}]`, `${role}: {`, `${role}: { everyToken: true,`)).toThrow(
      new RegExp(`training\\.${role}\\.everyToken: expected none, since a trainer learns`),
    );
  });
});
