/** Whether a conversation ends with a problem whose answer can be checked: all else is for the server as it is. */
import { z } from 'zod';

/** A request as far as it is looked at; what else is in it is the server's. */
export const chatBody = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).min(1),
  stream: z.boolean().nullish(),
});
export type ChatBody = z.output<typeof chatBody>;

/** Fields whose answer is no solution, or of a form that only the server can give. */
const others = [
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'response_format',
  'structured_outputs',
  'guided_json',
  'guided_regex',
  'guided_choice',
  'guided_grammar',
  'grammar',
  'json_schema',
  'logprobs',
  'top_logprobs',
  'modalities',
  'audio',
  'prediction',
  'echo',
  'stop',
  'continue_final_message',
] as const;

/** Why a conversation is answered by the server as it is; undefined where there is a problem to be refined. */
export function reasonToPass(body: ChatBody): string | undefined {
  const odd = others.find((name) => isAsked(body[name]));
  if (odd !== undefined) return odd === 'functions' ? 'tools' : odd;
  if (typeof body.n === 'number' && body.n > 1) return 'n';
  if (body.messages.some(({ role }) => role === 'tool' || role === 'function')) return 'tools';
  if (body.messages.some(({ content }) => content != null && textOf(content) === undefined)) {
    return 'content that is no text';
  }
  const last = body.messages.at(-1)!;
  const text = last.role === 'user' ? (textOf(last.content) ?? '') : '';
  if (text.trim() === '') return 'no question';
  return body.glore === undefined && !isCheckable(text) ? 'nothing to check' : undefined;
}

/** Neutral values ask for nothing. */
function isAsked(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return false;
  if (value === 'none' || value === 'auto') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && 'type' in value) return value.type !== 'text';
  return true;
}

/** The text of a message's content: a string, or parts of text; undefined where there is anything else. */
export function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (content === undefined || content === null) return '';
  if (!Array.isArray(content)) return undefined;
  const parts = content.map((part: unknown) =>
    typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string'
      ? part.text
      : undefined,
  );
  return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
}

/** Longer texts are something to be worked on, not a problem. */
const longest = 8000;

/** Asking for one thing. */
const asks =
  /[?？]|\b(?:solve|compute|calculate|evaluate|determine|find|simplify|how (?:many|much|long|far|old|fast|often)|what is|which|who|prove that .* equals)\b/i;
/** Told to make a text or a program, of which two are never the same: at the beginning of a sentence, or after a request. */
const wantsText =
  /(?:^|[.!?:;\n]\s{0,4}|\b(?:please|(?:can|could|would|will) you|want you to|help me(?: to)?)\s)(?:write|draft|compose|summari[sz]e|translate|rewrite|rephrase|paraphrase|brainstorm|tell me (?:a|about)|describe|discuss|suggest|recommend|imagine|implement|refactor|debug|code|generate|create)\b/im;
/** Something that an answer is worked out from: numbers, formulas, choices. */
const known = /\p{N}|\\[a-z([]|\$[^$]+\$|[=<>≤≥±×÷∑∫√]|^\s*\(?[A-E][.)]\s/mu;
const numberWords =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|half|twice|double|triple|third|quarter)\b/i;

/** By its words alone, so that what passes through is not kept waiting. */
export function isCheckable(text: string): boolean {
  if (text.length > longest || !asks.test(text)) return false;
  if (!known.test(text) && !numberWords.test(text)) return false;
  return !wantsText.test(text);
}
