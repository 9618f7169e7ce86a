/** `glore export-gguf`: a model as one file for llama.cpp. */
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { loadAdapter, loadCheckpoint, mergeAdapter, saveGguf } from '@glore/engine';
import { Command } from 'commander';
import { visibleJson } from '../visible.js';
import { exampleQuestion } from './example.js';

interface Options {
  readonly json?: true;
  readonly adapter?: string;
}

export function exportGgufCommand(): Command {
  return new Command('export-gguf')
    .description('write a model with its tokenizer as a GGUF file for llama.cpp')
    .argument('<folder>', 'Hugging Face folder of a model, such as runs/tiny/student/model')
    .argument('<file>', 'file to write, such as student.gguf; one that is there is replaced')
    .option(
      '--adapter <folder>',
      'a LoRA on the model, such as runs/tiny/orm/adapter, which is merged',
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(async (folder: string, file: string, { json, adapter }: Options) => {
      const model = await loadCheckpoint(folder);
      const learned = adapter === undefined ? undefined : await loadAdapter(adapter, model.config);
      const weights = learned ? mergeAdapter(model.weights, learned) : model.weights;
      const checkpoint = { ...model, weights };
      await mkdir(dirname(resolve(file)), { recursive: true });
      await saveGguf(file, checkpoint, basename(resolve(folder)));
      const { size: bytes } = await stat(file);
      const tensors = checkpoint.weights.size;
      process.stdout.write(
        json
          ? `${visibleJson({ folder, file, tensors, bytes })}\n`
          : `${file}: ${tensors} tensors, ${(bytes / 1e6).toFixed(1)} MB\n`,
      );
    });
}

const examples = `
Examples:
  glore export-gguf checkpoints/base base.gguf
  glore export-gguf runs/tiny/student/model student.gguf --json
  glore export-gguf runs/lora/student/model orm.gguf --adapter runs/lora/orm/adapter

Weights stay float32. A prompt is <|bos|>, the problem and a line end, as in:
  llama-cli -m student.gguf -no-cnv --temp 0 -p $'<|bos|>${exampleQuestion}\\n'`;
