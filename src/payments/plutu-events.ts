import { Injectable, Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import { consumerChannel } from '../diagnostics/channels.js';
import { traced } from '../diagnostics/traced.js';
import { inTime } from '../utils/in-time.js';
import { logFields } from '../utils/log-fields.js';
import { messageOf, stackOf } from '../utils/stack-of.js';
import { Consumers, OTHER_LISTENERS, type Consumer } from './consumers.js';
import { EmitterProvider } from './emitter-provider.js';
import { summaryOf } from './describe-payment.js';
import { callListener, listenersTo, observersOf } from './listeners.js';
import { Payment } from './payment.js';
import { asConsumer } from './running-consumer.js';

/** An event, and how its consumers did. */
export interface PublishedEvent {
  readonly name: string;
  readonly event: object;
  /** What consumers threw, or an error if a consumer is needed and there is none. */
  readonly failures: readonly unknown[];
}

/** How far the consumers of an event have got. */
export interface Progress {
  /** The names of those that succeeded earlier. */
  readonly done: readonly string[];
  /**
   * Stores which consumers have succeeded so far, whether that is every consumer
   * without `after`, and whether it is every consumer. If it rejects, that counts as
   * a failure.
   */
  save(
    done: readonly string[],
    booked: boolean,
    finished: boolean,
  ): Promise<void>;
}

/** What a consumer threw, with its name. */
export class ConsumerError extends Error {
  constructor(
    readonly consumer: string,
    cause: unknown,
  ) {
    super(`${consumer}: ${messageOf(cause)}`, { cause });
    this.name = ConsumerError.name;
    if (cause instanceof Error && cause.stack) {
      this.stack = `${consumer}: ${cause.stack}`;
    }
  }
}

/** The names of the consumers in what {@link PlutuEvents.publish} threw. */
export function failedConsumers(error: unknown): readonly string[] {
  const errors: readonly unknown[] =
    error instanceof AggregateError ? error.errors : [error];
  return errors.flatMap((one) =>
    one instanceof ConsumerError ? [one.consumer] : [],
  );
}

/** How long a handler of an event on which nothing depends may take. */
const NOTIFY_TIMEOUT = 30_000;

const NO_PROGRESS: Progress = { done: [], save: async () => {} };

/** Publishes domain events on the application's own event emitter. */
@Injectable()
export class PlutuEvents {
  /** Every event, once its consumers have ended. A subscriber here is not a consumer. */
  readonly published = new Subject<PublishedEvent>();

  private readonly logger = new Logger(PlutuEvents.name);

  constructor(
    private readonly emitters: EmitterProvider,
    private readonly consumers: Consumers,
  ) {}

  /**
   * Publishes an event and waits for all its consumers, even if one fails: no
   * consumer may still be running when the next attempt starts.
   *
   * @param handlerTimeout how long one consumer may take, in milliseconds.
   * @throws {Error} what the failed consumer threw; an `AggregateError` for several.
   *   Also if a consumer is needed and there is none; listeners to a pattern, or to
   *   any event, do not count.
   */
  async publish(
    name: string,
    event: object,
    progress: Progress,
    options: {
      handlerTimeout: number;
      attempt: number | undefined;
      needsConsumer: boolean;
    },
  ): Promise<void> {
    await this.emitters.ready();
    const consumers = this.consumersOf(name, event);
    const failures: Error[] = [];
    if (options.needsConsumer && consumers.length === 0) {
      failures.push(
        new Error(
          `Nothing in this application consumes ${name}: the payment would go unnoticed.`,
        ),
      );
    }
    failures.push(
      ...(await runConsumers(consumers, { name, event }, progress, options)),
    );
    if (failures.length === 0) {
      await this.callObservers(name, event, options.handlerTimeout);
    }
    this.published.next({ name, event, failures });
    const [failure, another] = failures;
    if (another) {
      const all = new AggregateError(
        failures,
        failures.map(({ message }) => message).join('; '),
      );
      // Its own stack leads here; theirs lead to what failed.
      all.stack = [String(all), ...failures.map(stackOf)].join('\n');
      throw all;
    }
    if (failure) throw failure;
  }

  /**
   * Publishes an event on which nothing depends, at once: what a handler throws is
   * logged.
   */
  async notify(name: string, event: object): Promise<void> {
    const consumers = this.consumersOf(name, event);
    const failures = await runConsumers(
      consumers,
      { name, event },
      NO_PROGRESS,
      { handlerTimeout: NOTIFY_TIMEOUT, attempt: undefined },
    );
    for (const failure of failures) {
      this.logger.error(
        `A handler of ${name} failed`,
        stackOf(failure),
        ...logFields({ event: name, consumer: failure.consumer }),
      );
    }
    await this.callObservers(name, event);
    this.published.next({ name, event, failures });
  }

  private consumersOf(name: string, event: object): Consumer[] {
    const { emitter } = this.emitters;
    const consumers = [...this.consumers.of(name, event)];
    const others = listenersTo(emitter, name).filter(
      (listener) => !this.consumers.has(listener),
    );
    if (others.length > 0) {
      consumers.push({
        name: OTHER_LISTENERS,
        after: [],
        handle: () =>
          allSettled(
            others.map((listener) =>
              callListener(emitter, listener, name, event),
            ),
          ),
      });
    }
    return consumers;
  }

  private async callObservers(
    name: string,
    event: object,
    timeout?: number,
  ): Promise<void> {
    const { emitter } = this.emitters;
    const observers = observersOf(emitter, name);
    if (observers.length === 0) return;
    try {
      const calls = allSettled(
        observers.map((observer) =>
          callListener(emitter, observer, name, event),
        ),
      );
      await (timeout === undefined
        ? calls
        : inTime(calls, timeout, `did not finish in ${timeout} ms`));
    } catch (error) {
      this.logger.error(`A listener to ${name} failed`, stackOf(error));
    }
  }
}

/**
 * Calls those that are not done yet, each as soon as those it waits for have
 * succeeded.
 *
 * @returns what failed.
 */
async function runConsumers(
  consumers: readonly Consumer[],
  { name: eventName, event }: { readonly name: string; readonly event: object },
  progress: Progress,
  {
    handlerTimeout,
    attempt,
  }: { handlerTimeout: number; attempt?: number | undefined },
): Promise<ConsumerError[]> {
  const done = new Set(progress.done);
  const failures: ConsumerError[] = [];
  const runs = new Map<string, Promise<boolean>>();
  const isBooked = () =>
    consumers.every(({ name, after }) => after.length > 0 || done.has(name));
  const isFinished = () => consumers.every(({ name }) => done.has(name));

  const call = async ({ name, handle }: Consumer): Promise<void> => {
    const handling = asConsumer(name, () => handle(event));
    if (isThenable(handling)) {
      await inTime(
        handling,
        handlerTimeout,
        `did not finish in ${handlerTimeout} ms`,
      );
    }
  };
  const traceOf = ({ name: consumer }: Consumer) => ({
    consumer,
    event: eventName,
    payment: event instanceof Payment ? summaryOf(event) : undefined,
    attempt,
  });
  const run = async (consumer: Consumer): Promise<boolean> => {
    const { name, after } = consumer;
    if (done.has(name)) return true;
    for (const earlier of after) {
      const other = consumers.find((one) => one.name === earlier);
      if (other && !(await runOnce(other))) return false;
    }
    try {
      await traced(
        consumerChannel,
        () => traceOf(consumer),
        () => call(consumer),
      );
      done.add(name);
      await progress.save([...done], isBooked(), isFinished());
      return true;
    } catch (error) {
      failures.push(new ConsumerError(name, error));
      return false;
    }
  };
  const runOnce = (consumer: Consumer): Promise<boolean> => {
    const running = runs.get(consumer.name) ?? run(consumer);
    runs.set(consumer.name, running);
    return running;
  };

  await Promise.all(consumers.map(runOnce));
  return failures;
}

/** Also what is not a `Promise`, such as a query that runs once it is awaited. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** @throws what failed, once all have ended. */
async function allSettled(calls: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(calls);
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }): unknown => reason);
  if (failures.length > 1) {
    throw new AggregateError(failures, failures.map(messageOf).join('; '));
  }
  if (failures.length === 1) throw failures[0];
}
