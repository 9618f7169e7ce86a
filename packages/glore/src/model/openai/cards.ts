/**
 * Reward models that others have published: how each reads a question and its steps, where its values are, and how the values
 * of steps become one of the whole. Each is as its model card or its authors' code has it, which `source` names.
 */
import { z } from 'zod';
import type { Labels } from './labels.js';

/** How the values of a solution's steps become its own. */
export type Whole = 'last' | 'product' | 'minimum' | 'mean';

/** How question and steps are written, which a model that values steps reads. */
export interface Spelling {
  /** One text; a conversation whose answer the steps are; or one in which each step is a turn, answered by a label. */
  readonly form: 'text' | 'chat' | 'turns';
  readonly system?: string | undefined;
  /** What comes before the steps, with {question}; of turns the first one, with {step} too. */
  readonly prompt: string;
  /** A step, with {step} and perhaps its {number} from 1. */
  readonly step: string;
  /** What stands between two steps. */
  readonly between: string;
  /** The answer as a last step, with {answer}. */
  readonly answer: string;
  /** What is put after each step: its last token is where the step's value is. */
  readonly tag?: string | undefined;
  /** A special token that is put in the tag's place to tokenise the text, where the tag would merge with its neighbours. */
  readonly mark?: string | undefined;
}

/** A model that values steps, or a whole solution, as it reads them. */
export interface RewardReader extends Spelling {
  /**
   * What it says: `tags`, a classifier's outputs at each step's tag; `labels`, which label comes next, after each tag or as the
   * answer to each turn; `end`, one output for all that it has read.
   */
  readonly reads: 'tags' | 'labels' | 'end';
  readonly labels?: Labels | undefined;
  /** Of several outputs, the one that is p(+). */
  readonly positive: number;
  readonly whole: Whole;
  readonly source?: string;
}

/** A model that writes about the steps before it gives its verdict. */
export interface Judge {
  readonly reads: 'verdict';
  /** It judges the whole at once, or each step in a turn of its own. */
  readonly judges: 'solution' | 'step';
  readonly system?: string | undefined;
  /** With {question}, and {steps} or, where it judges each, the first {step}. */
  readonly prompt: string;
  readonly step: string;
  readonly answer: string;
  /** How its answer begins, perhaps with the step's {number}; it writes on from there. */
  readonly begun: string;
  /** It has written enough where one of these comes. */
  readonly until: readonly string[];
  /** Most tokens that it writes, and how it is sampled. */
  readonly most: number;
  readonly temperature: number;
  /** What follows then; the next token is a label. */
  readonly closing: string;
  readonly labels: Labels;
  /** How it says in what it writes that a step is right or wrong, one after the other. */
  readonly marks?: Labels | undefined;
  /** How a turn ends after a positive label, which the next turns see. */
  readonly ended?: Labels | undefined;
  readonly whole: Whole;
  readonly source?: string;
}

export type Card = RewardReader | Judge;

const yesNo: Labels = {
  positive: ['Yes', ' Yes', 'yes', ' yes'],
  negative: ['No', ' No', 'no', ' no'],
};
const plusMinus: Labels = { positive: ['+', ' +'], negative: ['-', ' -'] };
const boxed = 'Please reason step by step, and put your final answer within \\boxed{}.';

/** By their names in a recipe. */
export const cards = {
  'qwen2.5-math-prm': {
    form: 'chat',
    reads: 'tags',
    system: boxed,
    prompt: '{question}',
    step: '{step}',
    between: '',
    answer: 'The final answer is \\boxed{{answer}}.',
    tag: '<extra_0>',
    positive: 1,
    whole: 'product',
    source:
      'huggingface.co/Qwen/Qwen2.5-Math-PRM-7B (README.md: make_step_rewards); best of n by the product: qwenlm.github.io/blog/qwen2.5-math-prm',
  },
  'qwen2.5-math-rm': {
    form: 'chat',
    reads: 'end',
    system: boxed,
    prompt: '{question}',
    step: '{step}',
    between: '\n\n',
    answer: 'The final answer is \\boxed{{answer}}.',
    positive: 0,
    whole: 'last',
    source: 'huggingface.co/Qwen/Qwen2.5-Math-RM-72B (README.md)',
  },
  'skywork-o1-open-prm': {
    form: 'text',
    reads: 'tags',
    prompt: '<|im_start|>{question}\n',
    step: '{step}',
    between: '',
    answer: 'The answer is {answer}',
    tag: '\n',
    // Each step is tokenised apart from its newline.
    mark: '<|vision_start|>',
    positive: 0,
    whole: 'mean',
    source:
      'github.com/SkyworkAI/skywork-o1-prm-inference (model_utils/io_utils.py: prepare_input; prm_model.py: return_probs); the beginning of text is that of its special_tokens_map.json',
  },
  'math-shepherd': {
    form: 'text',
    reads: 'labels',
    prompt: '{question} ',
    step: 'Step {number}: {step} ',
    between: '\n',
    answer: 'The answer is: {answer}',
    tag: 'ки',
    labels: plusMinus,
    positive: 1,
    whole: 'minimum',
    source:
      'huggingface.co/peiyi9979/math-shepherd-mistral-7b-prm (README.md); the least step stands for the solution: arxiv.org/abs/2312.08935, section 3.4',
  },
  'rlhflow-prm': {
    form: 'turns',
    reads: 'labels',
    prompt: '{question} {step}',
    step: '{step}',
    between: '',
    answer: 'The answer is {answer}',
    labels: plusMinus,
    positive: 1,
    whole: 'mean',
    source: 'github.com/RLHFlow/RLHF-Reward-Modeling (math-rm/prm_evaluate.py: select_sample)',
  },
  'rlhflow-orm': {
    form: 'turns',
    reads: 'end',
    prompt: '{question} {step}',
    step: '{step}',
    between: '\n\n',
    answer: 'The answer is {answer}',
    labels: plusMinus,
    positive: 1,
    whole: 'last',
    source: 'github.com/RLHFlow/RLHF-Reward-Modeling (math/orm_evaluate.py: select_sample)',
  },
  /** Any sequence classifier with one output that was trained on conversations: Skywork-Reward and the like. */
  classifier: {
    form: 'chat',
    reads: 'end',
    prompt: '{question}',
    step: '{step}',
    between: '\n',
    answer: 'The answer is {answer}',
    positive: 0,
    whole: 'last',
    source: 'huggingface.co/Skywork/Skywork-Reward-V2-Qwen3-0.6B (README.md)',
  },
  thinkprm: {
    reads: 'verdict',
    judges: 'solution',
    prompt:
      'You are given a math problem and a proposed step-by-step solution:\n\n[Math Problem]\n\n{question}\n\n[Solution]\n\n{steps}\n\nReview and critique each step in the proposed solution to determine whether each step is correct. If the solution is incomplete, only verify the provided steps.',
    step: 'Step {number}: {step}',
    answer: 'The answer is {answer}',
    begun: "\nLet's verify step by step:",
    until: ['Is the solution correct?', '</think>'],
    most: 4096,
    temperature: 0,
    closing: '\nIs the solution correct?',
    labels: yesNo,
    marks: { positive: ['\\boxed{correct}'], negative: ['\\boxed{incorrect}'] },
    whole: 'last',
    source:
      'github.com/mukhal/ThinkPRM (utils/helper.py: format_verification_cot_for_thinkprm; prm/thinkprm_api.py: cot_eval; utils/answer_utils.py: extract_step_cots_and_labels)',
  },
  genprm: {
    reads: 'verdict',
    judges: 'step',
    system:
      'You are a math teacher. Your task is to review and critique the paragraphs in solution step by step.',
    prompt: 'Question: {question}\n\n{step}',
    step: '{step}',
    answer: 'The answer is {answer}',
    begun: "<analyze>\nLet's analyze the Paragraph {number} step by step: ",
    until: ['</analyze>'],
    most: 2048,
    temperature: 0.6,
    closing: '</analyze>\n<output>\n**Judgement**: $\\boxed{',
    labels: yesNo,
    ended: { positive: ['Yes}$\n</output>\n'], negative: ['No}$\n</output>\n'] },
    whole: 'minimum',
    source:
      'github.com/RyanLiu112/GenPRM (src/prm_evaluation/infer_module/genprm_inference.py with analyze and without verify, so that no code of the model is run); huggingface.co/GenPRM/GenPRM-7B (README.md)',
  },
} as const satisfies Readonly<Record<string, Card>>;

export type RewardModelName = keyof typeof cards;
export const cardNames = Object.keys(cards) as RewardModelName[];

/** What the names of their models say, whoever has copied, quantised or renamed them. */
const known: readonly (readonly [RegExp, RewardModelName])[] = [
  [/qwen2\.5-math-(prm-|7b-prm800k$)/i, 'qwen2.5-math-prm'],
  [/qwen2(\.5)?-math-rm/i, 'qwen2.5-math-rm'],
  [/skywork-o1-open-prm/i, 'skywork-o1-open-prm'],
  [/math-shepherd-mistral.*prm/i, 'math-shepherd'],
  [/llama3\.1-8b-prm-(mistral|deepseek)-data/i, 'rlhflow-prm'],
  [/llama3\.1-8b-orm-(mistral|deepseek)-data/i, 'rlhflow-orm'],
  [/skywork-reward/i, 'classifier'],
  [/thinkprm/i, 'thinkprm'],
  [/genprm/i, 'genprm'],
];

/** The reward model that a model's name says it is. */
export const cardNamed = (model: string): RewardModelName | undefined =>
  known.find(([pattern]) => pattern.test(model))?.[1];

const text = z.string().min(1);
const texts = z.array(text).min(1);

/** A reward model of one's own, as a recipe has it. */
export const cardShape = z
  .strictObject({
    form: z.enum(['text', 'chat', 'turns']),
    reads: z.enum(['tags', 'labels', 'end']),
    system: text.optional(),
    prompt: text.refine((prompt) => prompt.includes('{question}'), {
      error: 'a text with {question}',
    }),
    step: text
      .refine((step) => step.includes('{step}'), { error: 'a text with {step}' })
      .default('{step}'),
    between: z.string().default(''),
    answer: text
      .refine((answer) => answer.includes('{answer}'), { error: 'a text with {answer}' })
      .default('The answer is {answer}'),
    tag: text.optional(),
    mark: text.optional(),
    labels: z.strictObject({ positive: texts, negative: texts }).optional(),
    positive: z.int().min(0).default(1),
    whole: z.enum(['last', 'product', 'minimum', 'mean']).default('last'),
  })
  .refine(({ form, prompt }) => form !== 'turns' || prompt.includes('{step}'), {
    path: ['prompt'],
    error: 'a text with {question} and {step}, where each step is a turn',
  })
  .refine(({ reads, tag }) => reads !== 'tags' || tag !== undefined, {
    path: ['tag'],
    error: 'the text after each step at which a classifier is read',
  })
  .refine(({ reads, labels }) => reads !== 'labels' || labels !== undefined, {
    path: ['labels'],
    error: 'the labels that are read, positive and negative',
  })
  .refine(({ reads, form, tag }) => reads !== 'labels' || form === 'turns' || tag !== undefined, {
    path: ['tag'],
    error: 'the text after each step, which the label follows',
  })
  .refine(({ form, labels }) => form !== 'turns' || labels !== undefined, {
    path: ['labels'],
    error: 'the labels that answer each turn',
  });
