/** A thread that sees when a case computes for too long, waits for too long or takes too much memory, and ends the process. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { shared, limits } = workerData;
const current = new Int32Array(shared);

let seen = -1;
let [began, used] = [0, 0];
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

setInterval(() => {
  const number = Atomics.load(current, 0);
  if (number !== seen) {
    seen = number;
    [began, used] = [performance.now(), cpu()];
    return;
  }
  // Between cases nothing is watched.
  if (Atomics.load(current, 1) === 0) return;
  const [waited, worked] = [performance.now() - began, cpu() - used];
  const memory = process.memoryUsage.rss();
  if (worked > limits.compute) end('hang', `computed for more than ${limits.compute} ms`);
  else if (waited > limits.wait) end('hang', `waited for more than ${limits.wait} ms`);
  else if (memory > limits.memory)
    end('memory', `more than ${limits.memory / 2 ** 20} MiB resident`);
}, 25);

function end(finding, message) {
  writeSync(3, `${JSON.stringify({ event: 'ended', number: seen, finding, message })}\n`);
  process.kill(process.pid, 'SIGKILL');
}
