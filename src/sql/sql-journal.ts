import type {
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
} from '@nestjs/common';
import { EnabledGateways } from '../account/enabled-gateways.js';
import { PlutuAccount } from '../account/plutu-account.js';
import { DEFAULT_ACCOUNT } from '../account/tokens.js';
import { PlutuConfigurationError } from '../errors/plutu-errors.js';
import {
  PAYMENT_PROCESSOR,
  type PaymentProcessor,
} from '../payments/payment-delivery.js';
import type { PaymentJournalDefinition } from '../payments/payment-journal.js';
import {
  checkOptionNames,
  checkWholeNumber,
  MAX_TIMER,
  namesOf,
} from '../utils/options.js';
import { AttemptStore } from './attempt-store.js';
import { ChargeWatch } from './charge-watch.js';
import { checkSettings } from './database-checks.js';
import type { SqlExecutor } from './executor.js';
import { JournalStore } from './journal-store.js';
import { PaymentJournal } from './payment-journal.js';
import { PaymentRunner } from './payment-runner.js';
import { DEFAULT_PREFIX, prepareSchema } from './schema.js';
import { Settlements } from './settlement.js';
import { tableNames } from './table-names.js';

/** How the journal reaches the database, and how it works. Times are in milliseconds. */
export interface SqlJournalOptions<Tx = unknown> {
  /** Modules whose providers the factory injects, unless they are global. */
  imports?: ModuleMetadata['imports'] | undefined;

  /** The providers that `useFactory` gets as its arguments. */
  inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;

  /** Makes the executor, such as `(db: DataSource) => fromTypeOrm(db)`. */
  useFactory: (...args: never[]) => SqlExecutor<Tx> | Promise<SqlExecutor<Tx>>;

  /**
   * The schema that the tables are in; on MariaDB and MySQL, the database.
   *
   * @default the schema of the connection
   */
  schema?: string | undefined;

  /**
   * The beginning of the tables' names.
   *
   * @default 'plutu_'
   */
  prefix?: string | undefined;

  /**
   * Whether to create and change the tables when the application starts. If not, an
   * application whose tables are missing or out of date does not start.
   *
   * @default true unless NODE_ENV is 'production'
   */
  migrate?: boolean | undefined;

  /**
   * Whether this instance also publishes payments. Switch it off if the consumers
   * run in other processes.
   *
   * @default true
   */
  worker?: boolean | undefined;

  /**
   * How many payments one instance publishes at the same time. Each one that is
   * booked with `once` takes a connection, so leave some for the rest of the
   * application.
   *
   * @default 5; the pools of most drivers have 10 connections
   */
  concurrency?: number | undefined;

  /**
   * How many times a payment is tried before the journal gives up on it.
   *
   * @default 15, which with the default `backoff` takes two to five hours
   */
  attempts?: number | undefined;

  /**
   * The pause after the first failure. It doubles with each further failure, up to
   * an hour.
   *
   * @default 1000
   */
  backoff?: number | undefined;

  /**
   * How long an arrival may wait for the database before it is answered with 503.
   *
   * @default 5000
   */
  acceptTimeout?: number | undefined;

  /**
   * How long one consumer may take before it counts as failed and is tried again.
   * Its transaction stays open until it ends.
   *
   * @default 60000
   */
  handlerTimeout?: number | undefined;
}

const OPTIONS = namesOf<SqlJournalOptions>({
  imports: true,
  inject: true,
  useFactory: true,
  schema: true,
  prefix: true,
  migrate: true,
  worker: true,
  concurrency: true,
  attempts: true,
  backoff: true,
  acceptTimeout: true,
  handlerTimeout: true,
});

/**
 * The journal in the application's PostgreSQL, MariaDB or MySQL database. It records
 * every checkout, every signed message, and how far each payment has got. It is also
 * the delivery: a payment is accepted when it is committed. Any instance publishes it,
 * and repeats that if a consumer fails. For the option `journal` of `PlutuModule`.
 *
 * @throws {PlutuConfigurationError} for an invalid option.
 */
export function sqlJournal<Tx>(
  options: SqlJournalOptions<Tx>,
): PaymentJournalDefinition {
  checkOptionNames(options, OPTIONS, 'sqlJournal');
  const {
    imports,
    inject = [],
    useFactory,
    schema,
    prefix = DEFAULT_PREFIX,
    migrate = process.env['NODE_ENV'] !== 'production',
    worker = true,
    concurrency = 5,
    attempts = 15,
    backoff = 1000,
    acceptTimeout = 5000,
    handlerTimeout = 60_000,
  } = options;
  if (typeof useFactory !== 'function') {
    throw new PlutuConfigurationError(
      'journal.useFactory',
      'sqlJournal needs the option "useFactory", such as (db: DataSource) => fromTypeOrm(db).',
    );
  }
  const names = tableNames({ schema, prefix });
  for (const [name, value] of Object.entries({
    concurrency,
    attempts,
    backoff,
    acceptTimeout,
    handlerTimeout,
  })) {
    checkWholeNumber(`journal.${name}`, value, { most: MAX_TIMER });
  }
  const open = async <T>(
    executor: SqlExecutor<T>,
    processor: PaymentProcessor,
    account: string,
    gateways: EnabledGateways | undefined,
  ): Promise<PaymentJournal<T>> => {
    const store = new JournalStore(executor, names, account);
    await store.prepare();
    await checkSettings(store);
    await prepareSchema(executor, names, migrate);
    const runner = new PaymentRunner(store, processor, {
      worker,
      concurrency,
      attempts,
      backoff,
      handlerTimeout,
    });
    const attemptStore = new AttemptStore(store);
    return new PaymentJournal({
      store,
      attempts: attemptStore,
      runner,
      watch: worker ? new ChargeWatch(attemptStore, processor) : undefined,
      settlements: new Settlements(store, attemptStore, gateways),
      acceptTimeout,
    });
  };
  return {
    isJournal: true,
    imports,
    injectAs: PaymentJournal,
    useFactory: async (
      processor: PaymentProcessor,
      account: PlutuAccount | undefined,
      gateways: EnabledGateways | undefined,
      ...args: never[]
    ) => {
      const journal = await open(
        await useFactory(...args),
        processor,
        account?.name ?? DEFAULT_ACCOUNT,
        gateways,
      );
      drainBefore(args, () => journal.onModuleDestroy());
      return journal;
    },
    inject: [
      PAYMENT_PROCESSOR,
      { token: PlutuAccount, optional: true },
      { token: EnabledGateways, optional: true },
      ...inject,
    ],
  };
}

/**
 * Makes the executor's providers wait for the journal when the application stops: an
 * ORM often disconnects in `onModuleDestroy`, and Nest may call the journal's own
 * hook later.
 */
function drainBefore(
  injected: readonly unknown[],
  drain: () => Promise<void>,
): void {
  for (const one of injected) {
    if (typeof one !== 'object' || one === null) continue;
    const destroy: unknown = Reflect.get(one, 'onModuleDestroy');
    if (typeof destroy !== 'function') continue;
    Reflect.set(one, 'onModuleDestroy', async () => {
      await drain();
      await destroy.call(one);
    });
  }
}
