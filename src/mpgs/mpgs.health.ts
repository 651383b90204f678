import { Inject, Injectable } from '@nestjs/common';
import {
  CALLBACK_DELIVERY,
  type CallbackDelivery,
} from '../callbacks/callback-delivery.js';

/** One entry of a `@nestjs/terminus` health check, under its name. */
export type MpgsHealth = Record<
  string,
  { status: 'up' } | { status: 'down'; message: string }
>;

/**
 * Tells whether callbacks can be accepted. Made for `@nestjs/terminus`:
 * `health.check([() => mpgsHealth.isHealthy('plutu')])`.
 */
@Injectable()
export class MpgsHealthIndicator {
  constructor(
    @Inject(CALLBACK_DELIVERY) private readonly delivery: CallbackDelivery,
  ) {}

  /** @param key the entry's name. Never throws. */
  async isHealthy(key: string): Promise<MpgsHealth> {
    try {
      await this.delivery.ready?.();
      return { [key]: { status: 'up' } };
    } catch {
      return {
        [key]: { status: 'down', message: 'Callbacks cannot be accepted.' },
      };
    }
  }
}
