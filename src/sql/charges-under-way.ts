import { Logger } from '@nestjs/common';
import { inTime } from '../utils/in-time.js';

/** How long a shutdown waits for charges, in milliseconds. */
const CLOSE_TIMEOUT = 30_000;

/**
 * The charges that this instance has begun: their ends have to be written down before
 * the database is closed.
 */
export class ChargesUnderWay {
  private readonly logger = new Logger('PlutuJournal');
  private readonly ends = new Map<string, () => void>();
  private readonly charges = new Map<string, Promise<void>>();

  /** @param id of the attempt. */
  begun(id: string): void {
    this.charges.set(id, new Promise((resolve) => this.ends.set(id, resolve)));
  }

  /** @param id of the attempt; it may have begun in another instance. */
  ended(id: string): void {
    this.ends.get(id)?.();
    this.ends.delete(id);
    this.charges.delete(id);
  }

  /** Waits until all have ended. */
  async drain(): Promise<void> {
    await inTime(
      Promise.all(this.charges.values()),
      CLOSE_TIMEOUT,
      `Charges did not end in ${CLOSE_TIMEOUT} ms. Another instance, or the next start, reports their outcome as unknown.`,
    ).catch(({ message }: Error) => this.logger.warn(message));
  }
}
