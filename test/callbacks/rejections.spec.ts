import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PLUTU_EVENTS } from '../../src/index.js';
import { startApp } from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

describe('a flood of forgeries', () => {
  it('keeps at most ten handlers busy, and says how many events it dropped', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    onTestFinished(() => warn.mockRestore());
    const { url, emitter } = await startApp();
    let alive = 0;
    let most = 0;
    let heard = 0;
    emitter.on(PLUTU_EVENTS.callbackRejected, async () => {
      heard++;
      most = Math.max(most, ++alive);
      await sleep(1_000);
      alive--;
    });

    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const response = await fetch(
          `${url}/plutu/mpgs/callback?n=${i}&hashed=0`,
        );
        return response.status;
      }),
    );

    expect(new Set(statuses)).toEqual(new Set([403]));
    expect(most).toBe(10);
    await expect.poll(() => alive).toBe(0);
    const lines = warn.mock.calls.flat().map(String);
    expect(lines.filter((line) => line.includes('rejected at'))).toHaveLength(
      100,
    );
    expect(lines.join('\n')).toContain(
      `${100 - heard} rejected callbacks were logged but not published`,
    );
  });

  it('drops no callback that Plutu signed and nobody can read', async () => {
    const { url, emitter } = await startApp();
    const reasons: string[] = [];
    emitter.on(PLUTU_EVENTS.callbackRejected, async ({ reason }) => {
      reasons.push(reason);
      await sleep(1_000);
    });

    await Promise.all(
      Array.from({ length: 50 }, () =>
        fetch(`${url}/plutu/mpgs/callback?hashed=0`),
      ),
    );
    const unreadable = callbackQuery({ amount: '1,250.00' });
    await fetch(`${url}/plutu/mpgs/callback?${unreadable}`);

    expect(reasons.filter((one) => one === 'invalid-fields')).toHaveLength(1);
  });
});

it('a handler of rejected callbacks that throws what has no text ends no process', async () => {
  const { url, emitter } = await startApp();
  emitter.on(PLUTU_EVENTS.callbackRejected, () => {
    throw Object.create(null);
  });

  // Vitest fails the run for a rejection that nobody handles.
  const response = await fetch(`${url}/plutu/mpgs/callback?hashed=0`);

  expect(response.status).toBe(403);
  await sleep(50);
});
