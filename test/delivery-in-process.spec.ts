import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  inProcessDelivery,
  MpgsCallbacks,
  PlutuConfigurationError,
  type InProcessDeliveryOptions,
} from '../src/index.js';
import { startApp } from './support/app.js';
import { callbackQuery } from './support/callbacks.js';
import {
  APPROVED,
  describeDeliveryContract,
  RecordingPublisher,
  startDelivery,
} from './support/delivery-contract.js';

describeDeliveryContract('the delivery in the process', () =>
  inProcessDelivery(),
);

const callback = (transactionId: string) => ({ ...APPROVED, transactionId });

const admitted = async () => callback('1');

describe('the memory of the delivery in the process', () => {
  it('drops the oldest callback, by count', async () => {
    const { delivery } = await startDelivery(
      inProcessDelivery({ max: 2 }),
      new RecordingPublisher(),
    );

    for (const id of ['1', '2', '3']) {
      await delivery.accept(callback(id), admitted);
    }

    expect(await delivery.accept(callback('3'), admitted)).toMatchObject({
      duplicate: true,
    });
    expect(await delivery.accept(callback('1'), admitted)).toMatchObject({
      duplicate: false,
    });
  });

  it('drops a callback by age', async () => {
    const { delivery } = await startDelivery(
      inProcessDelivery({ rememberFor: 200 }),
      new RecordingPublisher(),
    );

    await delivery.accept(callback('1'), admitted);
    expect(await delivery.accept(callback('1'), admitted)).toMatchObject({
      duplicate: true,
    });

    await expect
      .poll(() => delivery.accept(callback('1'), admitted))
      .toMatchObject({ duplicate: false });
  });

  it('never drops what is still being published', async () => {
    let finish = () => {};
    const hanging = new Promise<void>((resolve) => (finish = resolve));
    const publisher = new RecordingPublisher(() => hanging);
    const { delivery } = await startDelivery(
      inProcessDelivery({ max: 1 }),
      publisher,
    );

    const first = delivery.accept(callback('1'), admitted);
    const others = ['2', '3'].map((id) =>
      delivery.accept(callback(id), admitted),
    );
    const second = delivery.accept(callback('1'), admitted);
    finish();

    await Promise.all([first, ...others]);
    expect(await second).toMatchObject({ duplicate: true });
    expect(publisher.calls).toHaveLength(3);
  });

  it('stays within 64 MiB for 300 000 callbacks', async () => {
    const { app } = await startApp();
    const callbacks = app.get(MpgsCallbacks);
    const before = usedHeap();

    for (let i = 0; i < 300_000; i++) {
      const query = callbackQuery({ transactionId: `t-${i}` });
      await callbacks.deliver(
        await callbacks.verify(`/plutu/mpgs/callback?${query}`),
      );
    }

    expect((usedHeap() - before) / 2 ** 20).toBeLessThan(64);
  }, 180_000);
});

describe('a handler that does not end', () => {
  it('costs its arrivals a bounded time, and is not called twice meanwhile', async () => {
    let finish = () => {};
    const hanging = new Promise<void>((resolve) => (finish = resolve));
    const publisher = new RecordingPublisher(() => hanging);
    const { delivery } = await startDelivery(
      inProcessDelivery({ acceptTimeout: 100 }),
      publisher,
    );

    for (let arrival = 0; arrival < 3; arrival++) {
      await expect(delivery.accept(callback('1'), admitted)).rejects.toThrow(
        'did not finish in 100 ms',
      );
    }
    finish();

    await expect
      .poll(() => delivery.accept(callback('1'), admitted))
      .toMatchObject({ duplicate: true });
    expect(publisher.calls).toHaveLength(1);
  });
});

describe('a shutdown', () => {
  it('waits a bounded time for handlers that do not end', async () => {
    const publisher = new RecordingPublisher(() => new Promise(() => {}));
    const { delivery, close } = await startDelivery(
      inProcessDelivery({ acceptTimeout: 100 }),
      publisher,
    );
    const arrival = delivery.accept(callback('1'), admitted);
    await expect(arrival).rejects.toThrow('did not finish in 100 ms');
    expect(publisher.calls).toHaveLength(1);

    const start = performance.now();
    await close();

    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('an option of the delivery in the process that cannot work', () => {
  it.each<[string, InProcessDeliveryOptions]>([
    ['delivery.max', { max: 2 ** 23 + 1 }],
    ['delivery.max', { max: 2 ** 32 + 1 }],
    ['delivery.max', { max: 0 }],
    ['delivery.rememberFor', { rememberFor: 1.5 }],
    ['delivery.acceptTimeout', { acceptTimeout: 2 ** 31 }],
    ['remeberFor', { remeberFor: 1000 } as object],
    ['options', null as never],
  ])('is refused, naming %s: %j', (option, options) => {
    const define = () => inProcessDelivery(options);
    expect(define).toThrow(PlutuConfigurationError);
    expect(define).toThrow(expect.objectContaining({ option }));
  });

  it('is not the largest memory that it can have', () => {
    expect(() => inProcessDelivery({ max: 2 ** 23 })).not.toThrow();
  });
});

/** In bytes, of what is reachable. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
