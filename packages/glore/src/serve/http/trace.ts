/**
 * Spans of OpenTelemetry with the GenAI semantic conventions. They go wherever the user's SDK sends them; without one the
 * API does nothing.
 */
import {
  type Attributes,
  context,
  type Context as OtelContext,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { RefineEvent } from '../../refine/index.js';
import type { ApiError, Facts } from '../protocol/index.js';

/** The part of a request that its span shows; never its text. */
interface Asked {
  readonly model?: unknown;
  readonly n?: unknown;
  readonly max_tokens?: unknown;
  readonly max_completion_tokens?: unknown;
  readonly temperature?: unknown;
  readonly seed?: unknown;
}

const operations: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'text_completion',
};

/** A request's span, a child of the caller's where its headers name one. */
export class RequestSpan {
  private readonly span: Span;
  private readonly operation: string | undefined;

  constructor(path: string, headers: Headers) {
    this.operation = operations[path];
    const parent: OtelContext = propagation.extract(context.active(), headers, {
      get: (carrier, key) => carrier.get(key) ?? undefined,
      keys: (carrier) => [...carrier.keys()],
    });
    this.span = trace
      .getTracer('glore')
      .startSpan(
        `POST ${path}`,
        { kind: SpanKind.SERVER, attributes: { 'http.route': path } },
        parent,
      );
  }

  asked(request: Asked): void {
    const { operation, span } = this;
    if (operation) span.updateName(`${operation} ${request.model}`);
    span.setAttributes(
      present({
        'gen_ai.operation.name': operation,
        'gen_ai.provider.name': 'glore',
        'gen_ai.request.model': request.model,
        'gen_ai.request.choice.count': request.n,
        'gen_ai.request.max_tokens': request.max_completion_tokens ?? request.max_tokens,
        'gen_ai.request.temperature': request.temperature,
        'gen_ai.request.seed': request.seed,
      }),
    );
  }

  /** A step of the refining model. */
  event(event: RefineEvent): void {
    const { stage, index } = event;
    const details =
      'candidate' in event
        ? { 'glore.score': event.candidate.score, 'glore.tokens': event.candidate.tokens }
        : event.stage === 'where'
          ? { 'glore.location': event.location, 'glore.values': [...event.values] }
          : { 'glore.choice': event.choice };
    this.span.addEvent(`glore.${stage}`, { 'glore.index': index, ...details });
  }

  end(status: number, facts: Facts, error?: ApiError): void {
    const { span } = this;
    span.setAttributes(
      present({
        'http.response.status_code': status,
        'gen_ai.response.model': facts.model,
        'gen_ai.usage.input_tokens': facts.promptTokens,
        'gen_ai.usage.output_tokens': facts.generatedTokens,
        'gen_ai.response.finish_reasons': facts.finish,
        'error.type': error?.code,
      }),
    );
    if (status >= 500)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? '' });
    span.end();
  }
}

/** Attributes that have a value of a kind that spans take. */
function present(values: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string' || typeof value === 'number') attributes[name] = value;
    else if (Array.isArray(value)) attributes[name] = value.map(String);
  }
  return attributes;
}
