import { Inject, Injectable } from '@nestjs/common';
import { PAYMENT_DELIVERY, type PaymentDelivery } from './payment-delivery.js';

/** One entry of a `@nestjs/terminus` health check, under its name. */
export type PlutuHealth = Record<
  string,
  | {
      /** Callbacks can be accepted. */
      status: 'up';
      /** What could make an accepted payment be lost, one sentence each. */
      warnings?: readonly string[] | undefined;
    }
  | {
      /** They cannot. */
      status: 'down';
      /** The same in words, without details: anybody can see it. */
      message: string;
    }
>;

/**
 * Says whether callbacks can be accepted. Made for `@nestjs/terminus`:
 * `health.check([() => plutuHealth.isHealthy('plutu')])`.
 */
@Injectable()
export class PlutuHealthIndicator {
  constructor(
    @Inject(PAYMENT_DELIVERY) private readonly delivery: PaymentDelivery,
  ) {}

  /**
   * Asks the delivery. Never throws.
   *
   * @param key the entry's name.
   */
  async isHealthy(key: string): Promise<PlutuHealth> {
    try {
      await this.delivery.ready?.();
      const warnings = (await this.delivery.warnings?.()) ?? [];
      return {
        [key]: { status: 'up', ...(warnings.length > 0 && { warnings }) },
      };
    } catch {
      return {
        [key]: { status: 'down', message: 'Callbacks cannot be accepted.' },
      };
    }
  }
}
