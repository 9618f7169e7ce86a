/** Processes, told apart by more than their number, which others get once they are gone. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Which process it is. */
export const processShape = z.object({
  pid: z.int().min(1),
  host: z.string().min(1),
  /** When the process started; tells apart two processes that got the same pid, as in a restarted container. */
  started: z.string(),
  /** The same as the kernel counts it, which no change of the clock moves; absent where it is not said. */
  birth: z.string().exactOptional(),
});
export type Process = z.infer<typeof processShape>;

interface Birth {
  readonly name: string;
  readonly at: number;
  /** Whether it has ended, and is there only until somebody asks how. */
  readonly over: boolean;
}

/**
 * When a process of this machine was born, and in which run of the machine: no two processes have both and the pid alike.
 * Undefined where nobody says so.
 */
function birthOf(pid: number): Birth | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets, which may have spaces; the state is the third, the birth the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const up = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);
    // The kernel tells times to programs in hundredths of a second.
    const at = Date.now() - 1000 * (up - Number(ticks) / 100);
    return Number.isFinite(at) ? { name: `${boot}/${ticks}`, at, over: state === 'Z' } : undefined;
  } catch {
    return undefined;
  }
}

/** A process of this machine. */
export function processOf(pid: number, started = new Date()): Process {
  const birth = birthOf(pid);
  return {
    pid,
    host: hostname(),
    started: started.toISOString(),
    ...(birth && { birth: birth.name }),
  };
}

export const self: Process = processOf(process.pid, new Date(performance.timeOrigin));

/** Whether it is still there. Processes of other machines cannot be looked at and count as alive. */
export function isAlive(holder: Process): boolean {
  if (holder.host !== self.host) return true;
  if (holder.pid === self.pid) return holder.started === self.started;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // A process that was born after the holder has got its number since.
  const birth = birthOf(holder.pid);
  if (!birth) return true;
  if (birth.over) return false;
  return holder.birth === undefined
    ? !(birth.at > Date.parse(holder.started) + CLOCK_SHIFT)
    : birth.name === holder.birth;
}

/** By so much the clock may have been set since, in milliseconds, where there is nothing better to go by. */
const CLOCK_SHIFT = 600_000;
