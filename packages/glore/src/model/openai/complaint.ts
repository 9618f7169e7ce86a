/** What a server that gives no answer says of it: why, and whether another attempt can cure it. */
import { fieldsOf } from './reading.js';

/** A server's own words, from whichever shape of error it has. */
export interface Complaint {
  readonly message: string;
  /** Codes and types: "insufficient_quota". */
  readonly codes: readonly string[];
  /** The parameter that is complained of, where it is named apart. */
  readonly param: string | undefined;
  /** A status that stands in the body. */
  readonly status: number | undefined;
}

/** What is asked again in vain; `key`, `money` and `model` go for whatever is asked. */
export type Refusal = 'refused' | 'key' | 'money' | 'model';

/** `away`: busy, ended, or about to come; waited for. `failed`: perhaps the request's own fault; asked again some times. */
export type Fate = 'away' | 'failed' | Refusal;

/** What is wrong, in the words of a body with an error in it; undefined where there is none. */
export function complaintIn(value: unknown): Complaint | undefined {
  // Some servers have a list around it.
  const body = fieldsOf(Array.isArray(value) && value.length === 1 ? value[0] : value);
  const { error } = body;
  const answered = 'choices' in body || 'data' in body;
  if (error === undefined || error === null || error === false) {
    return body.object === 'error' && !answered ? complaint(body) : undefined;
  }
  return answered ? undefined : complaint(typeof error === 'object' ? error : { message: error });
}

/** The same of a body that came with a bad status, where anything in it is about that. */
export function complaintOf(value: unknown, text: string): Complaint {
  const found = complaintIn(value) ?? complaint(value);
  return found.message === '' ? { ...found, message: text } : found;
}

function complaint(value: unknown): Complaint {
  const fields = fieldsOf(value);
  const { message, detail, code, type, status, param } = fields;
  const said = [message, detail, fields.error_description, fields.error, fields.msg].find(
    (one) => one !== undefined && one !== null && one !== '',
  );
  const codes = [code, type, status].filter((one) => typeof one === 'string');
  const numbers = [code, status].map(Number).filter((one) => one >= 400 && one < 600);
  return {
    message: spoken(said),
    codes,
    param: typeof param === 'string' ? param : undefined,
    status: numbers[0] ?? statusOf(codes),
  };
}

/** Validators answer with a list of what is wrong, and where. */
function spoken(said: unknown): string {
  if (typeof said === 'string') return said;
  if (Array.isArray(said)) {
    return said
      .slice(0, 3)
      .map((one) => {
        const { loc, msg } = fieldsOf(one);
        return [Array.isArray(loc) ? loc.filter(isWord).join('.') : '', spoken(msg ?? one)]
          .filter((part) => part !== '')
          .join(': ');
      })
      .join('; ');
  }
  const { message } = fieldsOf(said);
  return typeof message === 'string' ? message : '';
}

const isWord = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

/** Of an error without a number. */
function statusOf(codes: readonly string[]): number | undefined {
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  if (has(noMoney) || has(/rate_?limit|too_many_requests|resource_exhausted/i)) return 429;
  if (has(/api_key|authentication|unauthorized/i)) return 401;
  if (has(/permission|forbidden/i)) return 403;
  if (has(/model_not_found|not_?found/i)) return 404;
  if (has(/overloaded|unavailable/i)) return 503;
  if (has(/invalid|bad_?request|unsupported/i)) return 400;
  return undefined;
}

const noMoney =
  /insufficient_(user_)?(quota|balance|credit|funds)|exceeded_current_quota|billing_(hard_limit|not_active)/i;

/** @param probing whether a failure of the server's may be its way of saying that it cannot do what was asked */
export function fateOf(
  status: number,
  { message, codes, param }: Complaint,
  probing = false,
): Fate {
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code));
  // Whatever the status: gateways say with 403 that there is no money, and with 503 that nobody behind them has the model.
  if (has(noMoney)) return 'money';
  if (has(/^model_not_found/i)) return 'model';
  switch (status) {
    case 401:
    case 403:
      return 'key';
    case 402:
      return 'money';
    case 404:
      return param === 'model' || noSuchModel.test(message) ? 'model' : 'refused';
    case 408:
    case 409:
    case 425:
      return 'failed';
    case 429:
      return 'away';
    default:
      if (status < 500) return 'refused';
      return probing && !isOverload(status) ? 'failed' : 'away';
  }
}

const noSuchModel = /\bmodel\b.*\b(not found|not exist|unknown|no such)|\bno such model\b/i;

/** Whether fewer requests at once may be what helps. */
export const isOverload = (status: number): boolean =>
  status === 429 || (status >= 502 && status <= 504) || (status >= 520 && status <= 529);
