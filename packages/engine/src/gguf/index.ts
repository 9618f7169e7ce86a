export { ggufMetadata, ggufTensors, saveGguf } from './save.js';
