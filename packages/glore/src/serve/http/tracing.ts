/** The user's own OpenTelemetry SDK, where there is one. */

/** What is used of the user's SDK. */
interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

/**
 * Starts the user's `@opentelemetry/sdk-node` where OpenTelemetry's own variables ask for traces; gives what ends it.
 * `warn` is told if they do and it is not installed.
 */
export async function startTracing(
  warn: (message: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<() => Promise<void>> {
  const nothing = async () => {};
  const wanted =
    env.OTEL_TRACES_EXPORTER ??
    env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    env.OTEL_EXPORTER_OTLP_ENDPOINT ??
    '';
  if (['', 'none'].includes(wanted) || env.OTEL_SDK_DISABLED === 'true') return nothing;
  const found = resolveSdk();
  if (found === undefined) {
    warn(
      'OTEL_ variables ask for traces, and @opentelemetry/sdk-node is not installed beside glore: no traces are sent; in the folder whose node_modules holds glore: npm install @opentelemetry/sdk-node',
    );
    return nothing;
  }
  const { NodeSDK } = (await import(found)) as { NodeSDK: new (options: object) => Sdk };
  const sdk = new NodeSDK({ serviceName: env.OTEL_SERVICE_NAME ?? 'glore' });
  sdk.start();
  return () => sdk.shutdown();
}

/** The SDK that is installed with glore: no folder that it happens to be started in has a say, nor has the environment. */
function resolveSdk(): string | undefined {
  try {
    return import.meta.resolve('@opentelemetry/sdk-node');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}
