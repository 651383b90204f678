import { Inject, Injectable } from '@nestjs/common';
import {
  CALLBACK_DELIVERY,
  type CallbackDelivery,
} from '../callbacks/callback-delivery.js';

/** One entry of a `@nestjs/terminus` health check, under its name. */
export type MpgsHealth = Record<
  string,
  | {
      /** Callbacks can be accepted. */
      status: 'up';
      /** What may lose them later, in words. Absent if nothing is known of. */
      warnings?: readonly string[];
    }
  | {
      /** They cannot. */
      status: 'down';
      /** The same in words, and no more: it is shown to whoever asks. */
      message: string;
    }
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

  /**
   * Asks the delivery. Never throws.
   *
   * @param key the entry's name.
   */
  async isHealthy(key: string): Promise<MpgsHealth> {
    try {
      await this.delivery.ready?.();
      const warnings = await this.warnings();
      return {
        [key]: { status: 'up', ...(warnings.length > 0 && { warnings }) },
      };
    } catch {
      return {
        [key]: { status: 'down', message: 'Callbacks cannot be accepted.' },
      };
    }
  }

  /** A delivery that cannot tell is not down for that. */
  private async warnings(): Promise<readonly string[]> {
    try {
      return (await this.delivery.warnings?.()) ?? [];
    } catch {
      return [];
    }
  }
}
