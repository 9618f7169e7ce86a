/** The decoders of one thread, of models on the same weights: one of them computes at a time, in memory that all use. */
import { Cache } from './cache.js';
import { Decoder, type DecoderOptions } from './decoder.js';
import type { Drawn, GenerateResult, GenerateTask, ScoreResult, ScoreTask } from './task.js';

export class Decoders {
  private readonly opened = new Map<number, Decoder>();
  private cache: Cache | undefined;

  static open(_: Record<string, never>): Decoders {
    return new Decoders();
  }

  /** Opens a model, which is called by its number from then on. */
  async add(model: number, options: DecoderOptions): Promise<void> {
    this.cache ??= Cache.allocate(options.config, 0, 0);
    this.opened.set(model, await Decoder.open(options, this.cache));
  }

  async remove(model: number): Promise<void> {
    await this.opened.get(model)?.release();
    this.opened.delete(model);
  }

  generate(
    model: number,
    task: GenerateTask,
    emit?: (drawn: Drawn[]) => void,
  ): Promise<GenerateResult> {
    return this.opened.get(model)!.generate(task, emit);
  }

  score(model: number, task: ScoreTask): Promise<ScoreResult> {
    return this.opened.get(model)!.score(task);
  }
}
