/** The chunks of a streamed answer, by either way of asking, put together into the object that is read as ever. */
import { z } from 'zod';
import { type Completion, content, index, tokenIds } from './choices.js';
import { complaintIn } from './complaint.js';
import type { Fold } from './events.js';
import { asIs, shaped } from './reading.js';

const choice = z.object({
  index,
  finish_reason: z.unknown().optional(),
  text: z.string().nullish(),
  delta: z.object({ content }).nullish(),
  token_ids: tokenIds,
});
const chunk = asIs(z.object({ choices: z.array(choice).nullish(), usage: z.unknown().optional() }));

interface Folded {
  text: string | undefined;
  reason: unknown;
  /** Undefined once there was text without them. */
  ids: number[] | undefined;
}

/** A line more of a long text is not worth telling all of it again: what is told adds up to no more than so many times the whole. */
const tellings = 64;

export class Chunks implements Fold {
  private readonly chat: boolean;
  private readonly hear: (choice: Completion) => void;
  private readonly choices = new Map<number, Folded>();
  private usage: unknown;
  /** What was said in the place of an answer. */
  private complaint: unknown;
  /** Characters of the first choice that were told. */
  private told = 0;

  /** `hear` is told of the first choice so far, up to the end of a line. */
  constructor(chat: boolean, hear: (choice: Completion) => void) {
    this.chat = chat;
    this.hear = hear;
  }

  take(event: unknown): boolean {
    if (complaintIn(event)) {
      this.complaint = event;
      return true;
    }
    const { choices, usage } = shaped(chunk, event);
    this.usage = usage ?? this.usage;
    for (const [at, one] of (choices ?? []).entries()) this.add(one.index ?? at, one);
    return false;
  }

  private add(index: number, one: z.output<typeof choice>): void {
    const { finish_reason: reason, token_ids: ids } = one;
    const said = this.chat ? one.delta && (one.delta.content ?? '') : one.text;
    const folded = this.choices.get(index) ?? { text: undefined, reason: undefined, ids: [] };
    this.choices.set(index, folded);
    if (said != null) folded.text = (folded.text ?? '') + said;
    folded.reason = reason ?? folded.reason;
    if (ids) for (const id of ids) folded.ids?.push(id);
    else if (said) folded.ids = undefined;
    if (index === 0 && said?.includes('\n')) this.tell(folded.text!);
  }

  private tell(text: string): void {
    const end = text.lastIndexOf('\n') + 1;
    if (end < this.told * (1 + 1 / tellings)) return;
    this.told = end;
    this.hear({ text: text.slice(0, end), finished: false, tokens: 0, ids: undefined, first: [] });
  }

  get whole(): unknown {
    if (this.complaint !== undefined) return this.complaint;
    const choices = [...this.choices].map(([index, { text, reason, ids }]) => ({
      index,
      finish_reason: reason,
      ...(this.chat ? { message: text === undefined ? undefined : { content: text } } : { text }),
      ...(ids && ids.length > 0 && { token_ids: ids }),
    }));
    return { choices, usage: this.usage };
  }
}
