/** Where graphs are run: ONNX Runtime's execution providers, of which a machine has some. */
import { listSupportedBackends } from 'onnxruntime-node';
import { EngineError } from '../error.js';

export const providers = ['cpu', 'cuda', 'webgpu', 'coreml', 'dml'] as const;
export type Provider = (typeof providers)[number];

/** The providers that this build of onnxruntime-node has; one that is there may still lack a device or its libraries. */
export function availableProviders(): Provider[] {
  const found = new Set(listSupportedBackends().map(({ name }) => name));
  return providers.filter((name) => found.has(name));
}

/** Throws `EngineError` "provider-unavailable", listing those there are, for a provider that is not among them. */
export function checkProvider(provider: Provider): void {
  if (availableProviders().includes(provider)) return;
  throw new EngineError(
    'provider-unavailable',
    `execution provider ${JSON.stringify(provider)}: expected one that onnxruntime-node has on ${process.platform} ${process.arch} (${availableProviders().join(', ')}); choose one of these`,
  );
}
