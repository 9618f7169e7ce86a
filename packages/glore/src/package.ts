/** The package that this is: its version, and the files that come with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a file or folder of the package is. Sources, dist and the bundled command all lie one folder below the package. */
export const inPackage = (path: string): string => join(import.meta.dirname, '..', path);

const manifest = readFileSync(inPackage('package.json'), 'utf8');

export const version: string = (JSON.parse(manifest) as { version: string }).version;
