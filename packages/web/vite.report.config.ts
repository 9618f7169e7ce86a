/** The page of `glore report --html`: one script and one style sheet, which the command puts into one file with the data. */
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    outDir: 'build/report',
    target: 'es2022',
    cssCodeSplit: false,
    lib: {
      entry: 'src/report/main.tsx',
      formats: ['iife'],
      name: 'report',
      fileName: () => 'report.js',
      cssFileName: 'report',
    },
  },
  define: { 'process.env.NODE_ENV': '"production"' },
});
