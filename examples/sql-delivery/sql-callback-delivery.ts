import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  CALLBACK_PUBLISHER,
  deliveryKey,
  type CallbackDelivery,
  type CallbackDeliveryDefinition,
  type CallbackPublisher,
  type CallbackReceipt,
  type VerifiedCallback,
} from 'nestjs-plutu';

/** What a `Pool` of `pg` offers; give its connections a `statement_timeout`. */
export interface Database {
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as pg has it
  query<Row>(sql: string, values?: unknown[]): Promise<{ rows: Row[] }>;
}

export const SCHEMA = `
  CREATE TABLE plutu_callback (
    delivery_key text PRIMARY KEY,
    callback     jsonb NOT NULL,
    attempts     int NOT NULL DEFAULT 0,
    due_at       timestamptz DEFAULT now() -- NULL once it is published
  );
  CREATE INDEX ON plutu_callback (due_at) WHERE due_at IS NOT NULL;
`;

/** In milliseconds. */
export interface SqlDeliveryTimes {
  /** How often to look for callbacks that are due. */
  readonly poll: number;
  /** The pause after the first failure; it doubles, up to an hour. */
  readonly backoff: number;
}

/** For the `delivery` option of `PlutuModule`. */
export function sqlDelivery(
  database: Database,
  times: SqlDeliveryTimes = { poll: 5_000, backoff: 1_000 },
): CallbackDeliveryDefinition {
  return {
    inject: [CALLBACK_PUBLISHER],
    useFactory: (publisher: CallbackPublisher) =>
      new SqlCallbackDelivery(database, publisher, times),
  };
}

/**
 * Callbacks in a table of PostgreSQL: accepted once they are in it, published
 * by whichever instance takes them out first, and again until that works.
 */
export class SqlCallbackDelivery
  implements CallbackDelivery, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly logger = new Logger(SqlCallbackDelivery.name);
  private timer: NodeJS.Timeout | undefined;
  private publishing: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly publisher: CallbackPublisher,
    private readonly times: SqlDeliveryTimes,
  ) {}

  async accept(
    callback: VerifiedCallback,
    admit: () => Promise<VerifiedCallback>,
  ): Promise<CallbackReceipt> {
    const key = deliveryKey(callback);
    const known = await this.find(key);
    if (known) return { duplicate: true, outcome: known.outcome };
    const admitted = await admit();
    const inserted = await this.database.query(
      `INSERT INTO plutu_callback (delivery_key, callback) VALUES ($1, $2)
       ON CONFLICT DO NOTHING RETURNING delivery_key`,
      [key, JSON.stringify(admitted)],
    );
    this.publishDue();
    const duplicate = inserted.rows.length === 0;
    // The first one in decides, also where it judged otherwise.
    const { outcome } = (duplicate && (await this.find(key))) || admitted;
    return { duplicate, outcome };
  }

  async ready(): Promise<void> {
    await this.database.query('SELECT FROM plutu_callback LIMIT 1');
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.publishDue(), this.times.poll);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.publishing;
  }

  private async find(key: string): Promise<VerifiedCallback | undefined> {
    const { rows } = await this.database.query<Pick<ClaimedRow, 'callback'>>(
      'SELECT callback FROM plutu_callback WHERE delivery_key = $1',
      [key],
    );
    return rows[0]?.callback;
  }

  private publishDue(): void {
    this.publishing ??= this.publishAllDue()
      .catch((error: unknown) => this.logger.error(String(error)))
      .finally(() => (this.publishing = undefined));
  }

  private async publishAllDue(): Promise<void> {
    for (;;) {
      // Its own for five minutes; after a crash, another instance's.
      const { rows } = await this.database.query<ClaimedRow>(
        `UPDATE plutu_callback
         SET attempts = attempts + 1, due_at = now() + interval '5 minutes'
         WHERE delivery_key = (
           SELECT delivery_key FROM plutu_callback WHERE due_at <= now()
           ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
         )
         RETURNING delivery_key, callback, attempts`,
      );
      const [claimed] = rows;
      if (!claimed) return;
      await this.publish(claimed);
    }
  }

  private async publish(claimed: ClaimedRow): Promise<void> {
    let dueIn: number | null = null;
    try {
      await this.publisher.publish(claimed.callback);
    } catch (error) {
      this.logger.warn(`${claimed.delivery_key}: ${String(error)}`);
      const pause = this.times.backoff * 2 ** (claimed.attempts - 1);
      dueIn = Math.min(pause, 60 * 60 * 1000);
    }
    await this.database.query(
      `UPDATE plutu_callback SET due_at = now() + $2 * interval '1 millisecond'
       WHERE delivery_key = $1`,
      [claimed.delivery_key, dueIn],
    );
  }
}

interface ClaimedRow {
  readonly delivery_key: string;
  readonly callback: VerifiedCallback;
  readonly attempts: number;
}
