/** `glore import`: a GGUF file as the Hugging Face folder of a model. */
import { existsSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { importGguf } from '@glore/engine';
import { Command } from 'commander';
import { GloreError } from '../error.js';
import { explained } from '../files/index.js';
import { jsonReporter, terminalReporter } from '../run/index.js';
import { visibleJson } from '../visible.js';
import { interruptible } from './interrupt.js';

interface Options {
  readonly replace?: true;
  readonly json?: true;
}

export function importCommand(): Command {
  return new Command('import')
    .description('write the model of a GGUF file as a Hugging Face folder')
    .argument('<file>', 'GGUF file of a Llama, Qwen2, Qwen3 or Gemma 3 model')
    .argument('<folder>', 'folder to write, such as models/smollm2')
    .option('--replace', 'take the place of a model that is in the folder')
    .option('--json', 'print one JSON object; progress as JSON lines on standard error')
    .addHelpText('after', examples)
    .action(async (file: string, folder: string, { replace, json }: Options) => {
      if (existsSync(folder) && !replace) {
        throw new GloreError(
          'folder-exists',
          `${folder}: expected a new folder, found one that is there; name another one, or --replace it if it is a model`,
        );
      }
      checkApart(file, folder);
      const reporter = json ? jsonReporter(process.stderr) : terminalReporter(process.stderr);
      const progress = reporter.stage('import');
      let counted = 0;
      const imported = await interruptible(
        (signal) =>
          explained(folder, () =>
            importGguf(file, folder, {
              signal,
              onProgress: (done, all) => {
                const millions = Math.floor(done / 1e6);
                if (counted === 0) progress.total(Math.ceil(all / 1e6), 'M numbers');
                progress.advance(
                  done === all ? Math.ceil(all / 1e6) - counted : millions - counted,
                );
                counted = millions;
              },
            }),
          ),
        'nothing was written',
      );
      progress.done();
      const { architecture, tensors, parameters, bytes, types, runs } = imported;
      const written = { file, folder, architecture, tensors, parameters, bytes, types, runs };
      const kinds = Object.entries(types).map(([type, count]) => `${count} ${type}`);
      const use = runs
        ? 'a recipe may have it as its base'
        : 'for other programs: this engine runs Llama, Qwen2 and Qwen3';
      process.stdout.write(
        json
          ? `${visibleJson(written)}\n`
          : `${folder}: ${architecture}, ${tensors} tensors (${kinds.join(', ')}), ${(parameters / 1e6).toFixed(1)}M parameters, ${(bytes / 1e6).toFixed(1)} MB; ${use}\n`,
      );
    });
}

/** What is replaced is removed whole. */
function checkApart(file: string, folder: string): void {
  if (!existsSync(folder) || !existsSync(file)) return;
  if (!realpathSync(file).startsWith(realpathSync(folder) + sep)) return;
  throw new GloreError(
    'file-within',
    `${file}: expected a file outside the folder that is replaced, found it in ${folder}; move it, or name another folder`,
  );
}

const examples = `
Examples:
  glore import smollm2-135m-instruct-q4_1.gguf models/smollm2
  glore import model.gguf models/model --replace --json

Read are F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 and Q2_K to Q6_K, as llama.cpp's converter writes them. The folder has
float32 weights, the tokenizer and its chat template; transformers and vLLM load it. A recipe names it by "base".
The file is read tensor by tensor, so it may be larger than memory. Ctrl-C leaves nothing.`;
