import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Books } from '../support/books.js';
import { callbackQuery } from '../support/callbacks.js';
import { forEachAtRandom, Instance } from '../support/instances.js';
import { isAccepted } from '../support/queue.js';
import {
  canStartRedis,
  findRedis,
  HOW_TO_GET_REDIS,
  HOW_TO_START_REDIS,
  OwnRedis,
  ownQueueName,
  uniqueQueueName,
} from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const INSTANCES = 4;
const SENDS = 5;
/** How many callbacks are on their way at the same time. */
const AT_A_TIME = 16;

interface Sent {
  readonly invoiceNo: string;
  readonly query: string;
}

function payments(count: number): Sent[] {
  return Array.from({ length: count }, (_, i) => ({
    invoiceNo: `inv-${i}`,
    query: callbackQuery({ invoiceNo: `inv-${i}`, transactionId: `t-${i}` }),
  }));
}

async function openBooks(sent: readonly Sent[]): Promise<Books> {
  const books = await Books.open(sent.map(({ invoiceNo }) => invoiceNo));
  onTestFinished(() => books.close());
  return books;
}

function anyOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}

/** The same callback as often as it may arrive. */
function manyTimes(sent: readonly Sent[]): Sent[] {
  return sent.flatMap((one) => Array.from({ length: SENDS }, () => one));
}

const redis = await findRedis();
afterAll(() => redis?.close());

describe.skipIf(
  isMissing(redis, {
    suite: 'several instances on one Redis',
    howToGetIt: HOW_TO_GET_REDIS,
  }),
)('four instances', () => {
  const startInstances = (books: Books, lockDuration: number) => {
    const settings = {
      redisUrl: redis?.url ?? '',
      queueName: ownQueueName(redis),
      acceptTimeout: 5000,
      lockDuration,
    };
    return Promise.all(
      Array.from({ length: INSTANCES }, () =>
        Instance.start(settings, (payment) => books.credit(payment)),
      ),
    );
  };

  it('call the handler once for each of 200 transactions that arrive five times', async () => {
    const sent = payments(200);
    const books = await openBooks(sent);
    const instances = await startInstances(books, 30_000);

    await forEachAtRandom(manyTimes(sent), AT_A_TIME, async ({ query }) => {
      expect(await anyOf(instances).call(query)).toSatisfy(isAccepted);
    });

    await expect
      .poll(() => books.count('calls'), { timeout: 30_000, interval: 200 })
      .toEqual({ 1: sent.length });
    // Nothing comes late.
    await sleep(1000);
    expect(await books.count('calls')).toEqual({ 1: sent.length });
  }, 120_000);

  it('lose and double nothing while one of them is killed every second', async () => {
    const sent = payments(200);
    const books = await openBooks(sent);
    const instances = await startInstances(books, 2000);
    const over = new AbortController();
    const killing = (async () => {
      while (!over.signal.aborted) {
        await sleep(1000);
        const victim = anyOf(instances);
        await victim.kill();
        await victim.start();
      }
    })();
    onTestFinished(async () => {
      over.abort();
      await killing.catch(() => {});
    });

    const accepted = new Set<string>();
    await forEachAtRandom(
      manyTimes(sent),
      AT_A_TIME,
      async ({ invoiceNo, query }) => {
        // As a browser does, it tries again while there is no answer.
        const status = await anyOf(instances).call(query);
        if (isAccepted(status)) accepted.add(invoiceNo);
        else await sleep(20);
      },
    );
    for (const { invoiceNo, query } of sent) {
      while (!accepted.has(invoiceNo)) {
        if (isAccepted(await anyOf(instances).call(query))) {
          accepted.add(invoiceNo);
        }
      }
    }
    over.abort();
    await killing;

    await expect
      .poll(() => books.count('credits'), { timeout: 60_000, interval: 200 })
      .toEqual({ 1: sent.length });
  }, 180_000);
});

describe.skipIf(
  isMissing(canStartRedis, {
    suite: 'a crash of Redis under load',
    howToGetIt: HOW_TO_START_REDIS,
  }),
)('a crash of Redis under load', () => {
  it('turns callbacks away, and loses none that was accepted', async () => {
    const own = await OwnRedis.start();
    onTestFinished(() => own.close());
    const sent = payments(600);
    const books = await openBooks(sent);
    const settings = {
      redisUrl: own.url,
      queueName: uniqueQueueName(),
      acceptTimeout: 500,
      lockDuration: 2000,
    };
    const instances = await Promise.all(
      Array.from({ length: 2 }, () =>
        Instance.start(settings, async (payment) => {
          await sleep(20);
          await books.credit(payment);
        }),
      ),
    );
    const statuses = new Set<number | undefined>();
    const accepted: string[] = [];
    const turnedAway: Sent[] = [];
    const send = async (one: Sent): Promise<void> => {
      const status = await anyOf(instances).call(one.query);
      statuses.add(status);
      if (isAccepted(status)) accepted.push(one.invoiceNo);
      else turnedAway.push(one);
    };

    await forEachAtRandom(sent.slice(0, 200), AT_A_TIME, send);
    await Promise.all([
      forEachAtRandom(sent.slice(200, 400), AT_A_TIME, send),
      sleep(50).then(() => own.kill()),
    ]);
    expect(statuses).toContain(503);
    statuses.delete(503);
    expect([...statuses].every(isAccepted)).toBe(true);

    await own.start();
    // What was accepted is handled without being sent again ...
    await expect
      .poll(() => books.credited(), { timeout: 30_000, interval: 200 })
      .toEqual(expect.arrayContaining(accepted));
    // ... and everything flows again.
    for (const { query } of [...turnedAway, ...sent.slice(400)]) {
      await expect
        .poll(() => anyOf(instances).call(query), { timeout: 15_000 })
        .toSatisfy(isAccepted);
    }
    await expect
      .poll(() => books.count('credits'), { timeout: 30_000, interval: 200 })
      .toEqual({ 1: sent.length });
  }, 120_000);
});
