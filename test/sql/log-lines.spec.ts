import { Logger } from '@nestjs/common';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createDatabase } from '../support/databases.js';
import { describeOnBoth, startShop } from '../support/journals.js';

await describeOnBoth('log lines of the journal', (server) => {
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
    };
    expect(lines.filter(([line]) => String(line).includes('inv-1'))).toEqual([
      [
        expect.stringContaining('tried again'),
        expect.objectContaining({ ...fields, attempt: 1 }),
      ],
      [
        expect.stringContaining('given up'),
        expect.objectContaining({ ...fields, attempt: 2 }),
      ],
    ]);
  });
});
