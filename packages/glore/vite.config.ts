/** The command as a few files: opening and compiling hundreds of small modules is most of the time that it takes to start. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    ssr: 'dist/cli/main.js',
    outDir: 'command',
    target: 'node20.19',
    license: { fileName: 'LICENSES.md' },
    rolldownOptions: {
      // All in one folder (src/package.ts).
      output: { chunkFileNames: '[name].js', comments: { legal: true, jsdoc: false } },
    },
  },
  ssr: {
    // What every command reads. The rest is read where it is used, or is not JavaScript alone: npm installs it.
    noExternal: [
      ...['@glore/engine', '@huggingface/tokenizers'],
      ...['commander', 'picocolors', 'yaml', 'zod'],
    ],
  },
});
