import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { PlutuConfigurationError } from '../plutu.errors.js';

/** Publishes domain events on the application's own event emitter. */
@Injectable()
export class PlutuEvents implements OnModuleInit {
  private readonly logger = new Logger(PlutuEvents.name);
  private emitter: EventEmitter2 | undefined;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws {PlutuConfigurationError} where the application has no emitter. */
  onModuleInit(): void {
    this.applicationEmitter();
  }

  /**
   * Publishes an event and waits for its handlers.
   *
   * @returns how many handlers there were.
   * @throws whatever a handler threw.
   */
  async publish(name: string, event: object): Promise<number> {
    const emitter = this.applicationEmitter();
    await emitter.emitAsync(name, event);
    return emitter.listenerCount(name) + emitter.listenersAny().length;
  }

  /** Publishes an event on which nothing depends: a handler's error is logged. */
  async notify(name: string, event: object): Promise<void> {
    try {
      await this.publish(name, event);
    } catch (error) {
      this.logger.error(`A handler of ${name} failed`, stackOf(error));
    }
  }

  private applicationEmitter(): EventEmitter2 {
    this.emitter ??= this.findEmitter();
    return this.emitter;
  }

  private findEmitter(): EventEmitter2 {
    try {
      // Wherever the application imported it, also where it is not global.
      return this.moduleRef.get(EventEmitter2, { strict: false });
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
