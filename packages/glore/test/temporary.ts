/** For all test files of one `vitest`: a folder for what they have in common, which is gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of {@link finished} in finished.ts; empty until a test asks. */
    readonly common: string;
  }
}

export default function setup(project: TestProject): () => void {
  const common = mkdtempSync(join(tmpdir(), 'glore-common-'));
  project.provide('common', common);
  return () => rmSync(common, { recursive: true });
}
