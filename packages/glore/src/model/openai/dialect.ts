/** Where a model wants to be asked otherwise than most: found by asking, from refusals that name a parameter. */
import type { Complaint } from './complaint.js';

export type Body = Readonly<Record<string, unknown>>;

const parameters = ['max_tokens', 'top_p', 'temperature', 'stream_options', 'stream'] as const;
type Parameter = (typeof parameters)[number];

const notes: Record<Parameter, string> = {
  max_tokens: 'is asked with max_completion_tokens, since it refuses max_tokens',
  top_p: 'is asked without top_p, which it refuses',
  temperature:
    'is asked without a temperature, which it refuses: what would be greedy is sampled as the server sees fit',
  stream_options: 'is asked without stream_options, which it refuses',
  stream: 'is asked for whole answers, since it refuses streams',
};

export class Dialects {
  /** What each model refuses. */
  private readonly refused = new Map<string, Set<Parameter>>();

  /** The request in the words of its model. */
  spoken(body: Body): Body {
    const refused = this.refused.get(String(body.model));
    if (!refused) return body;
    const left = Object.entries(body).flatMap(([name, value]) => {
      if (!isRefused(name, refused)) return [[name, value] as const];
      return name === 'max_tokens' ? [['max_completion_tokens', value] as const] : [];
    });
    return Object.fromEntries(left);
  }

  /**
   * Whether a refusal of what was sent is of a parameter that can be done without; then `note` says what is new of it.
   */
  learns(
    sent: Body,
    status: number,
    complaint: Complaint,
  ): { readonly note: string | undefined } | undefined {
    if (status !== 400 && status !== 422) return undefined;
    const parameter = parameters.find(
      (name) => name in sent && named(name, complaint) && dispensable(name, sent, complaint),
    );
    if (parameter === undefined) return undefined;
    const model = String(sent.model);
    const refused = this.refused.get(model) ?? new Set();
    const known = refused.has(parameter);
    this.refused.set(model, refused.add(parameter));
    return { note: known ? undefined : `model ${model} ${notes[parameter]}` };
  }
}

const isRefused = (name: string, refused: ReadonlySet<string>): boolean =>
  refused.has(name) || (name === 'stream_options' && refused.has('stream'));

const named = (parameter: Parameter, { message, param }: Complaint): boolean =>
  param === parameter ||
  new RegExp(`(?<![\\w-])${words[parameter] ?? parameter}(?![\\w-])`).test(message);

/** What else a parameter is called. */
const words: Partial<Record<Parameter, string>> = { stream: '[Ss]tream(?:s|ing)?' };

/** A value out of range is the recipe's fault, and not to be dropped. */
function dispensable(parameter: Parameter, sent: Body, { message, codes }: Complaint): boolean {
  if (parameter === 'temperature') return Number(sent.temperature) <= 2;
  if (parameter !== 'max_tokens') return true;
  return (
    /max_completion_tokens/.test(message) ||
    /unsupported|unrecognized|unknown|unexpected|not (supported|permitted|allowed)|extra/i.test(
      [message, ...codes].join(' '),
    )
  );
}
