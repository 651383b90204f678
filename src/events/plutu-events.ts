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
import { PlutuConfigurationError } from '../plutu.errors.js';

/** Publishes domain events on the application's own event emitter. */
@Injectable()
export class PlutuEvents implements OnModuleInit {
  private readonly logger = new Logger(PlutuEvents.name);
  private emitter: EventEmitter2 | undefined;
  private readiness: EventEmitterReadinessWatcher | undefined;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws {PlutuConfigurationError} where the application has no emitter. */
  onModuleInit(): void {
    this.applicationEmitter();
  }

  /**
   * Publishes an event and waits for its handlers. Before the application has
   * registered them all, it waits for that first: an event that comes out of a
   * queue during the start-up would find nobody.
   *
   * @returns how many handlers there were.
   * @throws whatever a handler threw.
   */
  async publish(name: string, event: object): Promise<number> {
    const emitter = this.applicationEmitter();
    this.readiness ??= this.find(EventEmitterReadinessWatcher);
    await this.readiness.waitUntilReady();
    const handlers =
      emitter.listenerCount(name) + emitter.listenersAny().length;
    await emitter.emitAsync(name, event);
    return handlers;
  }

  /**
   * Publishes an event on which nothing depends, at once: a handler's error is
   * logged.
   */
  async notify(name: string, event: object): Promise<void> {
    try {
      await this.applicationEmitter().emitAsync(name, event);
    } catch (error) {
      this.logger.error(`A handler of ${name} failed`, stackOf(error));
    }
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
