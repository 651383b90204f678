import { Logger } from '@nestjs/common';
import type { PaymentProcessor } from '../payments/payment-delivery.js';
import { inTime } from '../utils/in-time.js';
import { messageOf } from '../utils/stack-of.js';
import type { AttemptStore } from './attempt-store.js';

/** In milliseconds. */
const LOOK_EVERY = 5_000;

/** How much of a pause is random, so that instances do not all look at once. */
const JITTER = 0.5;

/** How long a shutdown waits for what is being reported, in milliseconds. */
const CLOSE_TIMEOUT = 10_000;

/**
 * Looks for charges that began and never ended, because the process that asked Plutu
 * died. Their outcome is unknown, which is reported to the application.
 */
export class ChargeWatch<Tx> {
  private readonly logger = new Logger('PlutuJournal');
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isFailing = false;
  private isDraining = false;

  constructor(
    private readonly attempts: AttemptStore<Tx>,
    private readonly processor: PaymentProcessor,
  ) {}

  start(): void {
    if (this.isDraining) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => {
        this.looking = this.look().finally(() => this.start());
      },
      LOOK_EVERY * (1 + Math.random() * JITTER),
    );
    this.timer.unref();
  }

  /** Looks now, without waiting for the next time. */
  wake(): void {
    if (this.isDraining) return;
    clearTimeout(this.timer);
    const before = this.looking ?? Promise.resolve();
    this.looking = before.then(() => this.look()).finally(() => this.start());
  }

  /** Stops looking, and waits for what is being reported. */
  async drain(): Promise<void> {
    this.isDraining = true;
    clearTimeout(this.timer);
    // What is not reported by then stays due, for another instance.
    await inTime(Promise.resolve(this.looking), CLOSE_TIMEOUT, '').catch(
      () => {},
    );
  }

  private async look(): Promise<void> {
    try {
      const silent = await this.attempts.takeSilent();
      for (const { id, payment } of silent) {
        if (this.isDraining) return;
        await this.processor.reportUnknown(payment);
        await this.attempts.keepReported(id);
      }
      this.isFailing = false;
    } catch (error) {
      // Logged once in an outage, not every time.
      if (!this.isFailing) {
        this.logger.error(
          `The journal cannot be searched for charges without an end: ${messageOf(error)}`,
        );
      }
      this.isFailing = true;
    }
  }
}
