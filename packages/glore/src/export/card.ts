/** The dataset card of an export: README.md as the Hugging Face Hub and `datasets` read it. */
import { stringify } from 'yaml';
import { percent, renderMarkdownTable } from '../evaluate/index.js';
import type { Format } from './formats.js';

export interface CardSet {
  readonly name: string;
  /** The split that `datasets` loads it as. */
  readonly split: 'train' | 'validation' | 'test';
  /** The file that `datasets` loads. */
  readonly file: string;
  readonly rows: number;
  readonly problems: number;
  /** How its classes are spread; see `signs` and `places`. */
  readonly balance: string;
  /** How its labels or targets were made. */
  readonly origin: string;
}

export interface Card {
  readonly title: string;
  readonly format: Format;
  readonly sets: readonly CardSet[];
  /** Facts of the run, by name. */
  readonly facts: Readonly<Record<string, string>>;
  /** The settings of the recipe that the data depends on. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export function renderCard({ title, format, sets, facts, settings }: Card): string {
  const total = sets.reduce((sum, { rows }) => sum + rows, 0);
  const front = {
    pretty_name: title,
    task_categories: [format.task],
    tags: ['glore', ...format.tags],
    size_categories: [sizeCategory(total)],
    configs: sets.map(({ name, split, file }) => ({
      config_name: name,
      data_files: [{ split, path: file }],
    })),
  };
  const parts = [
    `---\n${stringify(front)}---`,
    `# ${title}`,
    `${format.about}\n\nWritten by \`glore export\` from the records of a run of GLoRe (Havrilla et al. 2024, arXiv 2402.10963).`,
    '## Sets',
    renderMarkdownTable(
      ['set', 'rows', 'problems', 'balance'],
      sets.map(({ name, rows, problems, balance }) => [
        `\`${name}\``,
        count(rows),
        count(problems),
        balance,
      ]),
      { align: ['left', 'right', 'right', 'left'] },
    ),
    '## How they were made',
    ...sets.map(({ name, origin }) => `**${name}.** ${origin}`),
    renderMarkdownTable(['fact', 'value'], Object.entries(facts), { align: ['left', 'left'] }),
    `Settings of the recipe:\n\n\`\`\`yaml\n${stringify(settings)}\`\`\``,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** "1,204 positive, 1,198 negative (50.1% positive)" */
export function signs(labels: readonly boolean[]): string {
  const positive = labels.filter(Boolean).length;
  const share = labels.length === 0 ? '' : ` (${percent(positive / labels.length)} positive)`;
  return `${count(positive)} labels positive, ${count(labels.length - positive)} negative${share}`;
}

/** How many solutions have their first error where; `labels` count steps from 0, and -1 is none. */
export function places(labels: readonly number[]): string {
  const steps = [...new Set(labels)].filter((label) => label >= 0).sort((a, b) => a - b);
  const of = (label: number) => count(labels.filter((other) => other === label).length);
  const parts = [`-1: ${of(-1)}`, ...steps.map((step) => `${step}: ${of(step)}`)];
  return `first errors (-1 is none) ${parts.join(', ')}`;
}

const count = (n: number): string => n.toLocaleString('en');

/** As the Hub names sizes. */
function sizeCategory(rows: number): string {
  if (rows < 1000) return 'n<1K';
  const bounds = ['1K', '10K', '100K', '1M', '10M'];
  const at = Math.min(bounds.length - 2, Math.floor(Math.log10(rows)) - 3);
  return `${bounds[at]}<n<${bounds[at + 1]}`;
}
