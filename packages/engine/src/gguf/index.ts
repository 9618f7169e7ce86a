/** A model as one file for llama.cpp, written and read. */

export { blockTypes } from './blocks.js';
export { header } from './file.js';
export { type Imported, type ImportOptions, importGguf, loadGguf } from './import.js';
export { openGguf } from './read.js';
export { ggufMetadata, ggufTensors, saveGguf } from './save.js';
