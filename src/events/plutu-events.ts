import {
  Injectable,
  Logger,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  EventEmitter2,
  EventEmitterReadinessWatcher,
} from '@nestjs/event-emitter';
import { Subject } from 'rxjs';
import { PlutuConfigurationError } from '../plutu.errors.js';

/** An event, and what came of it. */
export interface PublishedEvent {
  readonly name: string;
  readonly event: object;
  /** What handlers threw, or that there were none where one is needed. */
  readonly failures: readonly unknown[];
}

/** Publishes domain events on the application's own event emitter. */
@Injectable()
export class PlutuEvents implements OnModuleInit {
  /** Every event, once its handlers have ended. Who listens is no handler. */
  readonly published = new Subject<PublishedEvent>();

  private readonly logger = new Logger(PlutuEvents.name);
  private emitter: EventEmitter2 | undefined;
  private readiness: EventEmitterReadinessWatcher | undefined;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws {PlutuConfigurationError} where the application has no emitter. */
  onModuleInit(): void {
    this.applicationEmitter();
  }

  /**
   * Publishes an event and waits for all its handlers, also where one fails:
   * what is told to have failed must not go on behind the next attempt's back.
   * Before the application has registered its handlers, it waits for that too:
   * an event that comes out of a queue during the start-up would find nobody.
   *
   * @throws what the handler that failed threw; an `AggregateError` for several.
   *   Also where one is needed and there is none but those of any event (`onAny`).
   */
  async publish(
    name: string,
    event: object,
    { needsHandler = false } = {},
  ): Promise<void> {
    this.readiness ??= this.find(EventEmitterReadinessWatcher);
    await this.readiness.waitUntilReady();
    await this.callHandlers(name, event, needsHandler);
  }

  /**
   * Publishes an event on which nothing depends, at once: a handler's error is
   * logged.
   */
  async notify(name: string, event: object): Promise<void> {
    try {
      await this.callHandlers(name, event, false);
    } catch (error) {
      this.logger.error(`A handler of ${name} failed`, stackOf(error));
    }
  }

  // `emitAsync` rejects with the first failure while other handlers still run,
  // and leaves promises alone where one throws.
  private async callHandlers(
    name: string,
    event: object,
    needsHandler: boolean,
  ): Promise<void> {
    const emitter = this.applicationEmitter();
    const handlers = emitter.listeners(name);
    const calls = [
      ...emitter
        .listenersAny()
        .map((handler) => async () => handler.call(emitter, name, event)),
      ...handlers.map((handler) => async () => handler.call(emitter, event)),
    ];
    const results = await Promise.allSettled(calls.map((call) => call()));
    const failures = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }): unknown => reason);
    if (needsHandler && handlers.length === 0) {
      failures.push(
        new Error(
          `Nothing in this application listens to ${name}, so nobody would know of it.`,
        ),
      );
    }
    this.published.next({ name, event, failures });
    if (failures.length > 1) {
      throw new AggregateError(failures, failures.map(String).join('; '));
    }
    if (failures.length === 1) throw failures[0];
  }

  private applicationEmitter(): EventEmitter2 {
    this.emitter ??= this.find(EventEmitter2);
    return this.emitter;
  }

  private find<T>(provider: Type<T>): T {
    try {
      // Wherever the application imported it, also where it is not global.
      return this.moduleRef.get(provider, { strict: false });
    } catch {
      throw new PlutuConfigurationError(
        'imports',
        "PlutuModule publishes payments on Nest's event emitter, and this application has none: add EventEmitterModule.forRoot() of @nestjs/event-emitter to the imports of the root module.",
      );
    }
  }
}

/** What a log shows of something that was thrown. */
export function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : String(error);
}
