/** A Python script that answers JSON lines: one request in, one reply out. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The interpreter that GLORE_PYTHON names (one with torch and transformers), or undefined. */
export const python = process.env.GLORE_PYTHON;

/**
 * Starts `script` under GLORE_PYTHON; `call` sends a request and gives the reply, one at a time.
 * @param {URL} script
 */
export function startPython(script) {
  const child = spawn(python, [script.pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
  // A broken pipe means that the script ended, which `call` reports.
  child.stdin.on('error', () => {});
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const failed = new Promise((_, reject) => child.once('error', reject));
  // Reported by `call`, so that the caller can tidy up.
  failed.catch(() => {});
  return {
    async call(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await Promise.race([lines.next(), failed]);
      if (done) throw new Error(`${script.pathname} ended early; its error is above`);
      return JSON.parse(value);
    },
    close() {
      child.stdin.end();
    },
  };
}
