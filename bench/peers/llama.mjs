/** llama.cpp through node-llama-cpp, or undefined where it is not installed (`npm ci --prefix bench/peers`). */
export async function openLlama(options) {
  let library;
  try {
    library = await import('node-llama-cpp');
  } catch {
    return undefined;
  }
  // Its prebuilt library for the CPU; nothing is compiled or fetched.
  return library.getLlama({ gpu: false, build: 'never', logLevel: 'error', ...options });
}
