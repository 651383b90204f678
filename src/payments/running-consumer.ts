import { AsyncLocalStorage } from 'node:async_hooks';

/** The consumer that is running, for the code that it calls. */
export interface RunningConsumer {
  /** Its stable name. */
  readonly name: string;
  /** What it has booked so far, by names of its own choice. */
  readonly booked: Set<string>;
}

const storage = new AsyncLocalStorage<RunningConsumer>();

/** Calls a consumer so that {@link runningConsumer} finds it. */
export function asConsumer<T>(name: string, call: () => T): T {
  return storage.run({ name, booked: new Set() }, call);
}

/** The consumer that is being called; `undefined` outside of any. */
export function runningConsumer(): RunningConsumer | undefined {
  return storage.getStore();
}
