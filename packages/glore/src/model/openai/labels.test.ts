import { describe, expect, it } from 'vitest';
import type { Listed } from './choices.js';
import { readValue } from './labels.js';
import { positiveOf } from './scores.js';

const labels = { positive: ['+', ' +'], negative: ['-', ' -'] };
const listed = (probabilities: Record<string, number>): Listed[] =>
  Object.entries(probabilities).map(([token, p]) => ({ token, logprob: Math.log(p) }));
const raw = (logprobs: Record<string, unknown>): Listed[] =>
  Object.entries(logprobs).map(([token, logprob]) => ({ token, logprob }));

it('adds up the spellings of a label and renormalises over both', () => {
  const first = listed({ '+': 0.3, ' +': 0.15, '-': 0.15, the: 0.4 });
  const { value, mass } = readValue(first, labels, 4);
  expect(value).toBeCloseTo(0.75);
  expect(mass).toBeCloseTo(0.6);
});

it('takes a label that is not among the likeliest for impossible', () => {
  expect(readValue(listed({ ' -': 0.9, the: 0.05, a: 0.02 }), labels, 3)).toMatchObject({
    value: 0,
  });
  expect(readValue(listed({ '+': 0.97, the: 0.02 }), labels, 20)).toMatchObject({ value: 1 });
});

it('reads labels that have hardly any probability, and never covers more than all', () => {
  const { value, mass } = readValue(raw({ '+': -900, '-': -901 }), labels, 'labels');
  expect(value).toBeCloseTo(1 / (1 + Math.exp(-1)));
  expect(mass).toBe(0);
  expect(readValue(raw({ '+': Math.log(0.9), '-': Math.log(0.105) }), labels, 2).mass).toBe(1);
});

describe('refuses, by name', () => {
  it.each([
    ['none', [], /^no log-probabilities/],
    ['null', raw({ '+': null, '-': -1 }), /^the log-probability null of "\+"/],
    ['text', raw({ '+': '-1', '-': -1 }), /^the log-probability "-1" of "\+"/],
    ['one that is missing', [{ token: '+', logprob: undefined }], /log-probability nothing of/],
    ['positive ones', raw({ '+': 5, '-': -1 }), /log-probability 5 of "\+", which is above 0/],
    ['-9999', raw({ '+': -9999, '-': -9999 }), /log-probability -9999 of the label "\+"/],
    ['-9999 for one label', raw({ '+': -0.1, '-': -9999 }), /-9999 of the label "-"/],
    ['more than all', listed({ '+': 0.9, '-': 0.245 }), /of 114\.5% together/],
    ['neither label', listed({ the: 0.9, a: 0.1 }), /^none of "\+", " \+", "-", " -" among the 2/],
  ])('%s', (_, first, message) => {
    expect(() => readValue(first, labels, 2)).toThrow(message);
  });

  it('a list that lacks one of the labels it was asked for, or ends before it', () => {
    const some = listed({ '+': 0.6 });
    expect(() => readValue(some, labels, 'labels')).toThrow(/of 1 tokens, without "-", " -"$/);
    expect(() => readValue(some, labels, 20)).toThrow(/without "-", " -"$/);
  });

  it.each([[[1.2]], [[-0.1]], [[0.5, Number.NaN]], [[]]])('no probability: %j', (outputs) => {
    expect(() => positiveOf(outputs, 1)).toThrow(/where a probability is expected/);
  });
});
