import type { TracingChannel } from 'node:diagnostics_channel';

/**
 * Does something between the start and the end of a trace. Node's own `tracePromise`
 * would also publish the result, which subscribers must not see.
 *
 * @param contextOf makes what is published; not called if nobody listens.
 * @param run gets what `contextOf` made, and may add to it; `undefined` if nobody
 *   listens.
 */
export function traced<Context extends object, T>(
  channel: TracingChannel<Context>,
  contextOf: () => Context,
  run: (context: Context | undefined) => Promise<T>,
): Promise<T> {
  if (!channel.hasSubscribers) return run(undefined);
  const context = contextOf();
  return new Promise((resolve, reject) => {
    let finish: (() => void) | undefined;
    const work = async (): Promise<void> => {
      const value = await run(context);
      finish = () => resolve(value);
    };
    channel.tracePromise(work, context).then(() => finish?.(), reject);
  });
}
