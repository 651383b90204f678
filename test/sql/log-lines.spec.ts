import { Logger } from '@nestjs/common';
import { expect, it, onTestFinished, vi } from 'vitest';
import {
  callbackChannel,
  type PlutuCallbackTrace,
} from '../../src/diagnostics/channels.js';
import { createDatabase } from '../support/databases.js';
import { attempt, describeOnBoth, startShop } from '../support/journals.js';

await describeOnBoth('log lines of the journal', (server) => {
  it('an arrival can be searched by its order, which the callback does not name', async () => {
    const lines: unknown[][] = [];
    const spy = vi
      .spyOn(Logger.prototype, 'log')
      .mockImplementation((...parts: unknown[]) => void lines.push(parts));
    onTestFinished(() => spy.mockRestore());
    const orders: (string | undefined)[] = [];
    const note = (message: unknown) =>
      orders.push((message as PlutuCallbackTrace).payment?.orderNo);
    callbackChannel.asyncEnd.subscribe(note);
    onTestFinished(() => callbackChannel.asyncEnd.unsubscribe(note));
    const database = await createDatabase(server);
    const { journal, bring } = await startShop(database);
    await journal.openingCheckout(attempt('o-7.1', { orderNo: 'o-7' }));

    await bring({ invoiceNo: 'o-7.1' });
    await bring({ invoiceNo: 'o-7.1' });

    expect(lines.filter(([line]) => String(line).includes('o-7.1'))).toEqual([
      [
        expect.stringContaining('Callback accepted'),
        expect.objectContaining({ invoiceNo: 'o-7.1', orderNo: 'o-7' }),
      ],
      [
        expect.stringContaining('Duplicate callback'),
        expect.objectContaining({ invoiceNo: 'o-7.1', orderNo: 'o-7' }),
      ],
    ]);
    await expect.poll(() => orders).toEqual(['o-7', 'o-7']);
  });

  it('can be searched by payment and consumer, for each attempt and when it is given up', async () => {
    const lines: unknown[][] = [];
    for (const level of ['warn', 'error'] as const) {
      const spy = vi
        .spyOn(Logger.prototype, level)
        .mockImplementation((...parts: unknown[]) => void lines.push(parts));
      onTestFinished(() => spy.mockRestore());
    }
    const database = await createDatabase(server);
    const { books, bring } = await startShop(database, { attempts: 2 });
    books.isDown = true;

    await bring();
    await expect.poll(() => books.failures).toHaveLength(1);

    const fields = {
      account: 'default',
      gateway: 'mpgs',
      invoiceNo: 'inv-1',
      transactionId: 't-1',
      consumers: ['wallet'],
      stack: expect.stringMatching(/the wallet is down\n.*ShopBooks\.credit/),
    };
    expect(lines.filter(([line]) => String(line).includes('inv-1'))).toEqual([
      [
        expect.stringContaining('trying again'),
        expect.objectContaining({ ...fields, attempt: 1 }),
      ],
      [
        expect.stringContaining('given up'),
        expect.objectContaining({ ...fields, attempt: 2 }),
      ],
    ]);
  });
});
