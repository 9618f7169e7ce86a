/** Answers that look right and are not: what a server does to those that it has worked out. */

/** Changes the first token's list of likeliest ones, `{text: logprob}`. */
const lists = {
  null: () => null,
  empty: () => ({}),
  unknown: (list) => mapped(list, () => -9999),
  positive: (list) => mapped(list, () => 5),
  nulls: (list) => mapped(list, () => null),
  half: (list) => Object.fromEntries(Object.entries(list).slice(0, 1)),
  over: (list) => mapped(list, (logprob) => logprob + 0.15),
  // As if the prompt had not been read.
  constant: (list) => mapped(list, (_, at) => [-0.4, -1.2, -9][at] ?? -20),
  uncovered: (list) => mapped(list, (logprob) => logprob - 2),
};

const mapped = (list, change) =>
  Object.fromEntries(
    Object.entries(list)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([token, logprob], at) => [token, change(logprob, at)]),
  );

/** Changes rows of a classifier. */
const rows = {
  range: (all) => all.map((row) => row.map((value) => value + 1)),
  fewer: (all) => all.slice(1),
  same: (all) => all.map(() => [0.4, 0.6]),
};

/** Changes the ids of a choice. */
const choices = {
  foreign: (choice) => ({ ...choice, token_ids: [...choice.token_ids.slice(1), 999_999] }),
  longer: (choice) => ({ ...choice, token_ids: Array(5000).fill(choice.token_ids[0]) }),
};

/** What is made of right answers: `{kind, after, share}`, or nothing. */
export function liar({ kind, after = 0, share = 1 } = {}) {
  let turn = 0;
  const now = () => turn++ >= after && (turn * 0.618034) % 1 < share;
  return (path, body, answer) => {
    if (kind in rows && path === '/pooling' && now()) {
      return { data: answer.data.map((one) => ({ ...one, data: rows[kind](one.data) })) };
    }
    if (!answer.choices) return answer;
    const critical = body.logprobs !== undefined && body.max_tokens === 1;
    if (kind in lists && critical && now()) {
      return {
        ...answer,
        choices: answer.choices.map((choice) => ({
          ...choice,
          logprobs:
            kind === 'null'
              ? null
              : { top_logprobs: [lists[kind](choice.logprobs.top_logprobs[0])] },
        })),
      };
    }
    if (kind in choices && answer.choices.every((choice) => choice.token_ids) && now()) {
      return { ...answer, choices: answer.choices.map(choices[kind]) };
    }
    return answer;
  };
}
