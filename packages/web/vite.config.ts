/** The application that `glore serve` and `glore view` serve at `/`. */
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  // Fonts and pictures stay files: the content security policy knows no data: besides images.
  build: { outDir: 'build/app', assetsInlineLimit: 0, target: 'es2022', modulePreload: false },
});
