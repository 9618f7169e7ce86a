/** The public types, against `api.md`: what users build on changes only where somebody means it to. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { describe, expect, it } from 'vitest';

const folder = resolve(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { readonly types: string }>;
};
const doors = Object.entries(exports).flatMap(([path, door]) =>
  typeof door === 'string' ? [] : [{ name: path === '.' ? 'glore' : path.slice(2), ...door }],
);

describe('the public types', () => {
  it('are those of api.md; after a change that is meant: UPDATE_API=1 npx vitest run api.test', () => {
    const out = mkdtempSync(join(tmpdir(), 'glore-api-'));
    const entry = join(out, 'api.d.ts');
    writeFileSync(
      entry,
      doors
        .map(({ name, types }) => {
          const from = relative(out, join(folder, types));
          return `export * as ${name} from '${from.replace(/\.d\.ts$/, '.js')}';\n`;
        })
        .join(''),
    );
    const { succeeded } = Extractor.invoke(
      ExtractorConfig.prepare({
        packageJsonFullPath: join(folder, 'package.json'),
        configObjectFullPath: undefined,
        configObject: {
          projectFolder: folder,
          mainEntryPointFilePath: entry,
          newlineKind: 'lf',
          apiReport: {
            enabled: true,
            reportFileName: 'api',
            reportFolder: out,
            reportTempFolder: out,
          },
          docModel: { enabled: false },
          dtsRollup: { enabled: false },
          tsdocMetadata: { enabled: false },
          compiler: { tsconfigFilePath: join(folder, 'tsconfig.build.json') },
          messages: {
            compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
            extractorMessageReporting: {
              default: { logLevel: ExtractorLogLevel.None },
              // A type that a public one is made of and that has no name outside.
              'ae-forgotten-export': {
                logLevel: ExtractorLogLevel.Warning,
                addToApiReportFile: true,
              },
            },
            tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          },
        },
      }),
      {
        localBuild: true,
        messageCallback: (message) => {
          // What is wrong is in the report; which version of TypeScript reads it is no news.
          message.handled = message.logLevel !== ExtractorLogLevel.Error;
        },
      },
    );
    rmSync(entry);
    expect(succeeded).toBe(true);
    const found = readFileSync(join(out, 'api.api.md'), 'utf8');
    const kept = join(folder, 'api.md');
    if (process.env.UPDATE_API) writeFileSync(kept, found);
    expect(found).toBe(readFileSync(kept, 'utf8'));
  });
});
