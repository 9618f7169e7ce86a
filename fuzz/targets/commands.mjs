/** The command line: its options, and whole commands as processes. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../../packages/glore/dist/cli/program.js';
import { finishedRun, glore } from '../folder.mjs';
import { mutateText, oddNumbers, oddTexts } from '../mutate.mjs';
import { checkShown, holds } from '../outcome.mjs';
import { soup } from '../texts.mjs';

/** Every command, and those within another. */
const commandsOf = (command, names = []) =>
  command.commands.flatMap((one) => {
    const path = [...names, one.name()];
    return one.commands.length > 0
      ? commandsOf(one, path)
      : [
          {
            path,
            options: one.options.map(({ long }) => long),
            arguments: one.registeredArguments.length,
          },
        ];
  });
const all = commandsOf(program());

/** The value of an option or argument. */
const anyValue = (random) =>
  random.of([
    () => String(random.of(oddNumbers)),
    () => random.of(oddTexts),
    () =>
      random.of([
        '1',
        '0.5',
        'rerank',
        'chat',
        'completions',
        'trl-stepwise',
        '1/2',
        '3/2',
        '-',
        '--',
        'a=b',
        'http://127.0.0.1:1/v1',
        'tiny',
        'tiny.yaml',
      ]),
    () =>
      mutateText(
        random,
        random.of(['recipes/tiny.yaml', 'runs/tiny', '127.0.0.1', '1/4', '0.5', 'trl-stepwise']),
      ),
    () => soup(random, 2),
  ])();

/** Nothing can be handed to a process with this in it. */
const passable = (text) => text.replaceAll('\0', '');

function argumentsOf(random, { path, options, arguments: count }) {
  const args = [];
  for (let i = random.whole(0, count + 1); i > 0; i--) args.push(anyValue(random));
  for (const option of random.several([...options, '--help', '--unknown'], 0, 4)) {
    const name = random.chance(0.9) ? option : mutateText(random, option);
    args.push(
      ...random.of([
        [name],
        [name, anyValue(random)],
        [name, anyValue(random)],
        [`${name}=${anyValue(random)}`],
      ]),
    );
  }
  const name = random.chance(0.95) ? path : path.map((part) => mutateText(random, part));
  return [...name, ...args].map(passable);
}

export const options = {
  name: 'options',
  about:
    'options and arguments of every command: taken, or refused with words that a terminal can show',
  share: 1,
  weight: 0.5,
  open: async () => ({
    make: (random) => argumentsOf(random, random.of(all)),
    async run(args) {
      const command = program();
      let wrong = '';
      const still = (one) => {
        one.configureOutput({ writeOut: () => {} });
        if (one.commands.length > 0) one.commands.forEach(still);
        else one.action(() => {});
      };
      still(command);
      const { write } = process.stderr;
      process.stderr.write = (text) => {
        wrong += text;
        return true;
      };
      try {
        await command.parseAsync(args, { from: 'user' });
        return 'taken';
      } finally {
        process.stderr.write = write;
        checkShown(wrong, 'standard error');
      }
    },
  }),
};

/** What is done in a moment, whatever it is told; nothing that trains or listens. */
const quick = all.filter(({ path: [name] }) =>
  ['report', 'export', 'grade', 'ask', 'eval', 'doctor', 'study', 'export-gguf'].includes(name),
);

export const commands = {
  name: 'commands',
  about:
    'whole commands as processes, on a finished run: exit code 0, 1 of the doctor, or 2 with an error that has a code',
  share: 2,
  weight: 0.02,
  limits: { compute: 5000, wait: 60_000 },
  async open({ folder }) {
    const run = finishedRun();
    const rows = join(folder, 'rows.jsonl');
    writeFileSync(
      rows,
      '{"question":"Mia has 3 pens and buys 4. How many pens has Mia?","answer":"7","text":"#### 7"}\n',
    );
    mkdirSync(join(folder, 'empty'));
    const places = {
      RUN: run,
      MODEL: join(run, 'student', 'model'),
      ROWS: rows,
      EMPTY: join(folder, 'empty'),
      OUT: join(folder, 'out'),
      FOLDER: folder,
    };
    const likely = {
      report: ['--run', 'RUN'],
      export: ['RUN', '--format', 'trl-stepwise', '--out', 'OUT'],
      grade: ['ROWS', '--gold', 'answer', '--answer', 'text'],
      ask: ['How many?', '--run', 'RUN'],
      eval: ['--data', 'ROWS', '--run', 'RUN'],
      doctor: ['--url', 'http://127.0.0.1:1/v1'],
      study: ['ROWS'],
      'export-gguf': ['MODEL', 'OUT'],
    };
    return {
      make(random) {
        const command = random.of(quick);
        const args = argumentsOf(random, command);
        if (random.chance(0.4)) return args;
        const own = [...likely[command.path[0]]];
        own[random.whole(0, own.length - 1)] = random.of([
          ...Object.keys(places),
          passable(anyValue(random)),
        ]);
        return [
          ...command.path,
          ...own,
          ...args.slice(command.path.length, command.path.length + random.whole(0, 3)),
        ];
      },
      async run(args) {
        const given = args.map((one) => places[one] ?? one);
        const { code, stdout, stderr } = await new Promise((resolve) => {
          const child = execFile(
            process.execPath,
            [glore, ...given],
            {
              cwd: folder,
              timeout: 50_000,
              killSignal: 'SIGKILL',
              maxBuffer: 2 ** 26,
              env: { PATH: process.env.PATH, NO_COLOR: '1' },
            },
            (error, stdout, stderr) =>
              resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
          );
          child.stdin.end('How many?\n');
        });
        const said = () => `${JSON.stringify(given)}: ${code}, ${stderr.slice(0, 500)}`;
        checkShown(stderr.replaceAll('\r', ''), 'standard error');
        checkShown(stdout, 'standard output');
        holds([0, 1, 2].includes(code), 'exit', said);
        holds(code !== 1 || given[0] === 'doctor', 'unnamed', said);
        holds(!/unexpected\)|DEBUG=glore shows where/.test(stderr) || code === 0, 'unnamed', said);
        const command = quick.some(({ path }) => path[0] === given[0]) ? given[0] : 'none';
        if (code !== 2) return `${command} ${code}`;
        const named = /\(([a-z][a-z-]+)\)\s*$/.exec(stderr)?.[1];
        holds(named !== undefined || /^error: |\nerror: /.test(stderr), 'unnamed', said);
        return `${command} ${named ?? 'usage'}`;
      },
    };
  },
};
