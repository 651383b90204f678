import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bullMqDelivery } from '../../src/bullmq/index.js';
import { PLUTU_EVENTS, PlutuHealthIndicator } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';
import { cuttableLink } from '../support/link.js';
import { call, isAccepted } from '../support/queue.js';
import {
  canStartRedis,
  HOW_TO_START_REDIS,
  OwnRedis,
  uniqueQueueName,
  type RedisSettings,
} from '../support/redis.js';
import { isMissing } from '../support/tools.js';

const NO_DISK: RedisSettings = { save: '', appendonly: 'no' };
const EVICTS = expect.stringContaining('maxmemory-policy allkeys-lru');
const KEEPS_NOTHING = expect.stringContaining('keeps nothing on disk');

async function startRedis(settings: RedisSettings = {}): Promise<OwnRedis> {
  const redis = await OwnRedis.start(settings);
  onTestFinished(() => redis.close());
  return redis;
}

/** An application on a Redis: what it logs as warnings, its health, its payments. */
async function startOn(
  redis: { url: string },
  {
    queueName = uniqueQueueName(),
    worker = false,
  }: { queueName?: string; worker?: boolean } = {},
) {
  const logged: unknown[] = [];
  const ignore = () => {};
  const logger = {
    log: ignore,
    error: ignore,
    warn: (message: unknown) => logged.push(message),
  };
  const app = await startApp(
    {
      delivery: bullMqDelivery({
        connection: { url: redis.url },
        queueName,
        worker,
        acceptTimeout: 500,
      }),
    },
    { imports: [TerminusModule.forRoot({ logger: false })] },
    { logger },
  );
  const heard: string[] = [];
  app.emitter.on(
    PLUTU_EVENTS.paymentApproved,
    ({ invoiceNo }: { invoiceNo: string }) => heard.push(invoiceNo),
  );
  return {
    heard,
    logged,
    health: () =>
      app.app
        .get(HealthCheckService, { strict: false })
        .check([() => app.app.get(PlutuHealthIndicator).isHealthy('plutu')]),
    pay: (invoiceNo: string) =>
      call(app, callbackQuery({ invoiceNo, transactionId: invoiceNo })),
  };
}

describe.skipIf(
  isMissing(canStartRedis, {
    suite: 'the settings of Redis',
    howToGetIt: HOW_TO_START_REDIS,
  }),
)('a Redis', () => {
  it.each<[string, RedisSettings, unknown[]]>([
    ['evicts', { 'maxmemory-policy': 'allkeys-lru' }, [EVICTS]],
    ['keeps nothing on disk', NO_DISK, [KEEPS_NOTHING]],
    [
      'does both',
      { ...NO_DISK, 'maxmemory-policy': 'allkeys-lru' },
      [EVICTS, KEEPS_NOTHING],
    ],
  ])(
    'that %s is reported at the start and by the health check, which stays up',
    async (_what, settings, warnings) => {
      const { logged, health, pay } = await startOn(await startRedis(settings));

      await expect.poll(() => logged).toEqual(warnings);
      expect(await health()).toMatchObject({
        status: 'ok',
        info: { plutu: { status: 'up', warnings } },
      });
      expect(await pay('inv-1')).toSatisfy(isAccepted);
    },
  );

  it.each<[string, RedisSettings]>([
    ['is set up as the README says', {}],
    ['only takes snapshots', { save: '3600 1', appendonly: 'no' }],
    [
      'does not allow CONFIG',
      { ...NO_DISK, user: 'default on nopass ~* &* +@all -config' },
    ],
    ['has no CONFIG', { ...NO_DISK, 'rename-command': 'CONFIG hidden' }],
  ])('that %s is not reported', async (_what, settings) => {
    const { logged, health } = await startOn(await startRedis(settings));

    expect((await health()).info).toEqual({ plutu: { status: 'up' } });
    expect(logged).toEqual([]);
  });

  it('that comes after the application does not hold up its start, and is reported then', async () => {
    const redis = await startRedis(NO_DISK);
    await redis.kill();

    const { logged } = await startOn(redis);
    expect(logged).toEqual([]);

    await redis.start();
    await expect.poll(() => logged).toEqual([KEEPS_NOTHING]);
  });
});

describe.skipIf(
  isMissing(canStartRedis, {
    suite: 'a failover of Redis',
    howToGetIt: HOW_TO_START_REDIS,
  }),
)('a failover to a replica whose link was cut', () => {
  /** A primary and its replica, and a way to make the one of the other. */
  async function startPair(settings: RedisSettings) {
    const primary = await startRedis({
      ...settings,
      appendfsync: 'always',
      'repl-diskless-sync-delay': '0',
    });
    const link = await cuttableLink(primary.port);
    const replica = await startRedis({ replicaof: `127.0.0.1 ${link.port}` });
    const admin = new Redis(replica.url);
    onTestFinished(() => admin.disconnect());
    await expect
      .poll(() => admin.info('replication'))
      .toContain('master_link_status:up');
    const failOver = async () => {
      await primary.kill();
      await admin.replicaof('NO', 'ONE');
    };
    return { primary, replica, link, failOver };
  }

  it('loses what was accepted since, if Redis waits for nothing but its disk', async () => {
    const { primary, replica, link, failOver } = await startPair({});
    const queueName = uniqueQueueName();
    const before = await startOn(primary, { queueName });
    link.cut();

    expect(await before.pay('inv-1')).toSatisfy(isAccepted);
    await failOver();

    const after = await startOn(replica, { queueName, worker: true });
    expect(await after.pay('inv-2')).toSatisfy(isAccepted);
    await expect.poll(() => after.heard).toEqual(['inv-2']);
  }, 30_000);

  it('loses nothing that was accepted, if Redis has to reach a replica: it is refused', async () => {
    const { primary, replica, link, failOver } = await startPair({
      'min-replicas-to-write': '1',
      'min-replicas-max-lag': '2',
    });
    const queueName = uniqueQueueName();
    const before = await startOn(primary, { queueName });
    await expect.poll(() => before.pay('inv-1')).toSatisfy(isAccepted);
    await expect.poll(() => acknowledges(primary)).toBe(true);
    link.cut();
    await expect.poll(() => before.health().catch(() => 'down')).toBe('down');

    expect(await before.pay('inv-2')).toBe(503);
    await failOver();

    const after = await startOn(replica, { queueName, worker: true });
    await expect.poll(() => after.heard).toEqual(['inv-1']);
    expect(await after.pay('inv-2')).toSatisfy(isAccepted);
    await expect.poll(() => after.heard).toEqual(['inv-1', 'inv-2']);
  }, 30_000);
});

/** Whether a replica has all that was written to a Redis. */
async function acknowledges({ url }: OwnRedis): Promise<boolean> {
  const admin = new Redis(url);
  try {
    await admin.set('a-write-to-wait-for', '1');
    return (await admin.wait(1, 1000)) === 1;
  } finally {
    admin.disconnect();
  }
}
