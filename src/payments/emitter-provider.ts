import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  EventEmitter2,
  EventEmitterReadinessWatcher,
} from '@nestjs/event-emitter';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';

/** Finds the application's own event emitter. */
@Injectable()
export class EmitterProvider {
  private found: EventEmitter2 | undefined;
  private readiness: EventEmitterReadinessWatcher | undefined;
  private isReady = false;

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws {PlutuConfigurationError} if the application has none. */
  get emitter(): EventEmitter2 {
    this.found ??= this.find(EventEmitter2);
    return this.found;
  }

  /**
   * Resolves when the application has registered its listeners: a payment that comes
   * out of a queue before that would find no consumer.
   */
  async ready(): Promise<void> {
    if (this.isReady) return;
    this.readiness ??= this.find(EventEmitterReadinessWatcher);
    await this.readiness.waitUntilReady();
    this.isReady = true;
  }

  private find<T>(provider: Type<T>): T {
    try {
      // Wherever the application imported it, also if it is not global.
      return this.moduleRef.get(provider, { strict: false });
    } catch {
      throw new PlutuConfigurationError(
        'imports',
        "PlutuModule publishes payments on Nest's event emitter, and this application has none: add EventEmitterModule.forRoot() of @nestjs/event-emitter to the imports of the root module.",
      );
    }
  }
}
