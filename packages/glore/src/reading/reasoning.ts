/**
 * Where a model's reasoning ends and its solution begins, and which special token ends both. Reasoning stands in tags, in the
 * channels of gpt-oss, or before a closing tag alone where the template opened it.
 */

/** What a text is made of. */
export interface Parted {
  readonly reasoning: string;
  readonly solution: string;
  /** Why there may be more of the solution, or less. */
  readonly doubt?: string;
}

const tag =
  '(?:think|thinking|thoughts?|reason|reasoning(?:_content)?|reflection|scratch_?pad|analysis|seed:think)';
const channel = String.raw`(?:<\|start\|>[a-z]{0,12}[^<>\n]{0,40})?<\|channel\|>`;
const message = String.raw`[^<>\n]{0,60}(?:<\|constrain\|>[^<>\n]{0,20})?<\|message\|>`;
const header = String.raw`(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|start\|>)`;

const ending =
  'im_end|im_start|end|start|return|call|endoftext|end_of_text|eot_id|eom_id|eos|start_header_id|user|system|human|pad|end_of_turn_token|start_of_turn_token|user_token';

// Nothing here has an end that is far away, so that any text is gone through once.
const tokens = new RegExp(
  [
    String.raw`(?<open><${tag}(?: [^<>\n]{0,60})?>|\[THINK\]|<\|(?:begin_of_thought|START_THINKING)\|>|◁think▷|${channel}(?:analysis|commentary)${message})`,
    String.raw`(?<close></${tag}>|\[/THINK\]|<\|(?:end_of_thought|END_THINKING)\|>|◁/think▷)`,
    `(?<final>${channel}final${message})`,
    String.raw`(?<around></?(?:solution|response|output)>|<\|(?:(?:begin|end)_of_solution|(?:START|END)_RESPONSE)\|>)`,
    String.raw`(?<own>${header}(?:assistant|model)(?:<\|end_header_id\|>)?(?=\n)|<\|(?:assistant|begin_of_text|startoftext|bos)\|>|<(?:s|bos)>|\[/INST\]|<｜(?:Assistant|begin▁of▁sentence)｜>)`,
    String.raw`(?<end><\|(?:${ending})\|>|</s>|<(?:eos|end_of_turn|start_of_turn)>|\[INST\]|<｜[^｜<>\n]{1,30}｜>)`,
  ].join('|'),
  'gi',
);
const likeToken = /<[a-z/|｜]|\[\/?(?:THINK|INST)\]|◁/i;

/** The reasoning and the solution of a text, up to the token that ends it. */
export function partReasoning(text: string): Parted {
  const { start, final } = wordsOfChannels(text);
  if (start) {
    const at = final === -1 ? text.length : final;
    return { reasoning: text.slice(start, at), solution: text.slice(at + 'assistantfinal'.length) };
  }
  if (!likeToken.test(text)) return { reasoning: '', solution: text };

  let [reasoning, solution] = ['', ''];
  let [inside, closed, from] = [false, false, 0];
  const put = (until: number): void => {
    if (inside) reasoning += text.slice(from, until);
    else solution += text.slice(from, until);
  };
  /** All that was written so far was reasoning. */
  const solutionBegins = (): void => {
    [reasoning, solution] = [reasoning + solution, ''];
    [inside, closed] = [false, true];
  };

  tokens.lastIndex = 0;
  for (let match = tokens.exec(text); match; match = tokens.exec(text)) {
    const { open, close, final, around, own } = match.groups!;
    put(match.index);
    from = tokens.lastIndex;
    if (open) inside = true;
    else if (final) solutionBegins();
    else if (close && inside) [inside, closed] = [false, true];
    else if (close) {
      // One closing tag too many, at the end of all, is no reason to throw the solution away.
      if (!closed || text.slice(from).trim() !== '') solutionBegins();
    } else if (inside && match[0] === '<|end|>') inside = false;
    else if (!around && !(own && !inside && solution.trim() === '')) {
      from = text.length;
      break;
    }
  }
  put(text.length);
  const cutOff = inside && solution.trim() !== '';
  return { reasoning, solution, ...(cutOff && { doubt: 'a block of reasoning is not closed' }) };
}

/** gpt-oss' channels without their tokens: "analysisWe need .. assistantfinalThere are 15 birds." */
function wordsOfChannels(text: string): { start: number; final: number } {
  const start = /^analysis(?=[A-Z"'(])/.exec(text)?.[0].length ?? 0;
  return { start, final: start ? text.lastIndexOf('assistantfinal') : -1 };
}
