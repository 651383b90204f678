import { readFileSync } from 'node:fs';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import {
  afterAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import { fromPglite } from '../../examples/shop/src/from-pglite.js';
import { payPage } from '../../examples/shop/src/pages.js';
import { TEST_NUMBERS } from '../../src/sandbox/index.js';
import {
  createDatabase,
  findPostgres,
  HOW_TO_GET_POSTGRES,
} from '../support/databases.js';
import { runNode } from '../support/processes.js';
import { shopOf, START } from '../support/shop.js';
import { isMissing } from '../support/tools.js';

const postgres = await findPostgres();
afterAll(() => postgres?.close());

/** The database in the process takes some seconds to start. */
const TIMEOUT = 90_000;

const SUMMARY = [
  'Order …: 25.50 USD, mpgs transaction …: booked exactly once, although it arrived 4 times.',
  'Order …: 138.00 LYD, localbankcards transaction …: booked exactly once, although it arrived 4 times.',
  'Order …: 138.00 LYD, tlync transaction …: booked exactly once, although it arrived 3 times.',
  'Order …: 138.00 LYD, sadadapi transaction …: booked exactly once, although it arrived 2 times.',
  'Order …: 138.00 LYD, edfali transaction …: booked exactly once, although it arrived 2 times.',
];

/** What README says that it prints, with any ports, numbers and lines for `…`. */
function printedInReadme(): RegExp {
  const readme = readFileSync(
    new URL('../../README.md', import.meta.url),
    'utf8',
  );
  const [, block] = /```\n(International card[^]*?)```/.exec(readme) ?? [];
  if (!block) throw new Error('README does not say what it prints.');
  return new RegExp(
    block
      .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll(/(?<=127\\\.0\\\.0\\\.1:|transaction )\d+/g, String.raw`\d+`)
      .replaceAll(/efc01af3-…|…/g, '[^]*?'),
  );
}

/** The last lines of the walk, without the numbers that differ each time. */
function summaryIn(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('Order '))
    .map((line) => line.replaceAll(/(?<=Order |transaction )\d+/g, '…'));
}

describe('npm start', { timeout: TIMEOUT }, () => {
  beforeEach(() => {
    vi.stubEnv('DATABASE_URL', undefined);
    return () => vi.unstubAllEnvs();
  });

  it('pays through each gateway, and ends by itself with --once', async () => {
    const { code, stdout, stderr } = await runNode(START, '--once').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(summaryIn(stdout)).toEqual(SUMMARY);
  });

  /** Sooner than the one in the process, if there is a server. */
  async function useServer(): Promise<void> {
    if (!postgres) return;
    const { url } = await createDatabase(postgres);
    vi.stubEnv('DATABASE_URL', url);
  }

  it('never lets go of a port that it has chosen, so that nobody else can take it', async () => {
    await useServer();
    const { code, stderr } = await runNode(
      'test/fixtures/shop-beside-a-port-thief.mjs',
      '--once',
    ).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('stays up until it is told to end, and others take other ports meanwhile', async () => {
    await useServer();
    const first = runNode(START);
    const { shop } = await shopOf(first);
    expect(first.output.stdout).toMatch(printedInReadme());
    const home = await fetch(shop, { headers: { 'Accept-Language': 'en' } });
    expect(await home.text()).toContain('A book of Libyan poems');

    const second = runNode(START);
    expect((await shopOf(second)).shop).not.toBe(shop);

    for (const { child, ended } of [first, second]) {
      child.kill('SIGTERM');
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe.skipIf(
  isMissing(postgres, {
    suite: 'the example shop on PostgreSQL',
    howToGetIt: HOW_TO_GET_POSTGRES,
  }),
)('npm start with DATABASE_URL', { timeout: TIMEOUT }, () => {
  /** @param prepare statements for its database, before it starts. */
  async function startShop(
    options: readonly string[] = [],
    prepare: readonly string[] = [],
  ) {
    const database = await createDatabase(postgres);
    for (const statement of prepare) await database.query(statement);
    vi.stubEnv('DATABASE_URL', database.url);
    const shop = runNode(START, ...options);
    vi.unstubAllEnvs();
    return { ...shop, database };
  }

  it('keeps orders and payments in that database', async () => {
    const { ended, database } = await startShop(['--once']);
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(summaryIn(stdout)).toEqual(SUMMARY);
    expect(
      await database.query(
        'SELECT shop_order.gateway FROM shop_order JOIN plutu_payment USING (order_no) ORDER BY order_no',
      ),
    ).toEqual(
      ['mpgs', 'localbankcards', 'tlync', 'sadadapi', 'edfali'].map(
        (gateway) => ({ gateway }),
      ),
    );
  });

  it('ends with an error if a payment is not booked exactly once', async () => {
    const { ended } = await startShop(
      ['--once'],
      [
        `CREATE TABLE book (id text PRIMARY KEY, title_ar text, title_en text,
         usd numeric(9, 2), lyd numeric(9, 2), sold int DEFAULT 0)`,
        `CREATE FUNCTION once_more() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN NEW.sold := NEW.sold + 1; RETURN NEW; END $$`,
        'CREATE TRIGGER once_more BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION once_more()',
      ],
    );
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('Order 1001 was booked 2 times, and is paid.');
  });

  it('asks a customer not to pay again whose payment cannot be recorded, and books it later', async () => {
    const { database, ...running } = await startShop();
    const { shop, plutu } = await shopOf(running);
    const send = async (path: string, form: Record<string, string>) => {
      const response = await fetch(new URL(path, shop), {
        method: 'POST',
        body: new URLSearchParams(form),
        headers: { 'Accept-Language': 'en' },
      });
      return { url: response.url, page: await response.text() };
    };
    const order = await send('/orders', { book: 'map' });
    const mobileNumber = TEST_NUMBERS.good;
    const { page } = await send(`${order.url}/pay/edfali`, { mobileNumber });
    const [token = ''] = /(?<=name="token" value=")[^"]+/.exec(page) ?? [];
    const sms = await fetch(`${plutu}/control/sms/${mobileNumber}`);
    const { code }: { code: string } = JSON.parse(await sms.text());
    await database.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
       AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`,
    );
    await database.query(
      'CREATE TRIGGER refuse BEFORE INSERT ON plutu_payment EXECUTE FUNCTION refuse()',
    );

    const address = `${order.url}/pay/edfali/code`;
    const refused = await send(address, { token, code });
    expect(refused.page).toContain(
      'You have paid, but we could not record it yet. Please do not pay again.',
    );
    expect(refused.page).toContain('Check again');

    await database.query('DROP TRIGGER refuse ON plutu_payment');
    const booked = await send(address, { token, code });
    expect(booked.page).toContain('Thank you, your order is paid');
  });
});

it('a page of the shop shows as text whatever a customer writes', () => {
  const order = {
    orderNo: '1001',
    title: { ar: '', en: '' },
    price: { USD: '1.00', LYD: '5.00' },
    state: 'open',
    paid: undefined,
  } as const;
  const filledIn = { mobileNumber: '"><script>', birthYear: '' };
  expect(payPage('en', order, 'tlync', filledIn)).toContain(
    'value="&#34;&#62;&#60;script&#62;"',
  );
});

it(
  'the executor of the example keeps what a transaction did, or nothing of it',
  async () => {
    const db = new PGlite();
    onTestFinished(() => db.close());
    const executor = fromPglite(db);
    const run = (text: string, tx?: Transaction) =>
      executor.execute({ text, values: [] }, tx);
    await run('CREATE TABLE t (n int PRIMARY KEY)');
    const tried = [
      executor.transaction(async (tx) => {
        expect(await executor.isInTransaction(tx)).toBe(true);
        expect(await run('INSERT INTO t VALUES (1), (2)', tx)).toBe(2);
        return tx;
      }),
      executor.transaction(async (tx) => {
        await run('INSERT INTO t VALUES (3)', tx);
        throw new Error('not this one');
      }),
      // Work that hides an error which has ended its transaction.
      executor.transaction(async (tx) => {
        await run('INSERT INTO t VALUES (4)', tx);
        await run('INSERT INTO t VALUES (4)', tx).catch(() => {});
      }),
    ];
    const ends = await Promise.allSettled(tried);
    expect(ends.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(
      await executor.query({
        text: 'SELECT n FROM t WHERE n <> $1',
        values: [2],
      }),
    ).toEqual([{ n: 1 }]);
    const [tx] = await Promise.all(tried.slice(0, 1));
    expect(tx && (await executor.isInTransaction(tx))).toBe(false);
    expect(await executor.isInTransaction(db as unknown as Transaction)).toBe(
      false,
    );
  },
  TIMEOUT,
);
