import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type Provider } from '@nestjs/common';
import {
  EventEmitter2,
  EventEmitterModule,
  OnEvent,
} from '@nestjs/event-emitter';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  mpgs,
  OnPaymentApproved,
  PlutuModule,
  PLUTU_EVENTS,
  tlync,
  type PaymentApprovedEvent,
} from '../../src/index.js';
import {
  ACCOUNT,
  defaultAdapter,
  recordErrors,
  startApp,
} from '../support/app.js';
import { callbackQuery } from '../support/callbacks.js';

const arrive = (url: string, query = callbackQuery()) =>
  fetch(`${url}/plutu/mpgs/callback?${query}`).then(({ status }) => status);

/** An application whose only handlers are these. */
const startWith = (...providers: Provider[]) =>
  startApp(
    { gateways: [mpgs(), tlync()], returnUrl: undefined },
    { providers, isDeaf: true },
  );

describe('what one consumer has done', () => {
  it('is not done again because another failed', async () => {
    let credited = 0;
    let mails = 0;

    @Injectable()
    class Orders {
      @OnPaymentApproved()
      credit(): void {
        credited++;
      }

      @OnPaymentApproved()
      mail(): void {
        if (++mails < 3) throw new Error('the mail server is down');
      }
    }

    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(503);
    expect(await arrive(url)).toBe(503);
    expect(await arrive(url)).toBe(200);
    expect(await arrive(url)).toBe(200);
    expect({ credited, mails }).toEqual({ credited: 1, mails: 3 });
  });

  it('is not done again because a listener of another kind failed', async () => {
    let credited = 0;
    let heard = 0;

    @Injectable()
    class Orders {
      @OnPaymentApproved()
      credit(): void {
        credited++;
      }
    }

    const { url, emitter } = await startWith(Orders);
    emitter.on(PLUTU_EVENTS.paymentApproved, () => {
      if (++heard === 1) throw new Error('the queue is down');
    });

    expect(await arrive(url)).toBe(503);
    expect(await arrive(url)).toBe(200);
    expect({ credited, heard }).toEqual({ credited: 1, heard: 2 });
  });

  it('is named in the log beside what failed, with invoice and transaction', async () => {
    @Injectable()
    class Orders {
      @OnPaymentApproved({ consumer: 'wallet' })
      credit(): void {
        throw new Error('no such table');
      }

      @OnPaymentApproved()
      mail(): void {
        throw new Error('no such server');
      }
    }
    const logged = recordErrors();
    const { url } = await startWith(Orders);

    await arrive(url);

    expect(logged()).toMatch(/wallet: no such table/);
    expect(logged()).toMatch(/Orders.mail: no such server/);
    expect(logged()).toMatch(/mpgs invoice inv-1, transaction t-1/);
  });
});

describe('a consumer with "after"', () => {
  it('is called when the other has succeeded, and not before', async () => {
    const calls: string[] = [];
    let attempts = 0;

    @Injectable()
    class Orders {
      @OnPaymentApproved({ consumer: 'mail', after: ['books', 'stock'] })
      mail(): void {
        calls.push('mail');
      }

      @OnPaymentApproved({ consumer: 'books' })
      async book(): Promise<void> {
        await sleep(50);
        if (++attempts === 1) throw new Error('the database is down');
        calls.push('books');
      }

      @OnPaymentApproved({ consumer: 'stock', after: 'books' })
      stock(): void {
        calls.push('stock');
      }
    }
    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(503);
    expect(calls).toEqual([]);
    expect(await arrive(url)).toBe(200);

    await expect.poll(() => calls).toEqual(['books', 'stock', 'mail']);
  });

  it('keeps no customer waiting: the payment is booked without it', async () => {
    let finish = () => {};
    const mailed = new Promise<void>((resolve) => (finish = resolve));

    @Injectable()
    class Orders {
      @OnPaymentApproved({ consumer: 'books' })
      book(): void {}

      @OnPaymentApproved({ after: 'books' })
      mail(): Promise<void> {
        return mailed;
      }
    }
    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(200);
    finish();
  });

  it('does not wait for one that does not apply', async () => {
    const calls: string[] = [];

    @Injectable()
    class Orders {
      @OnPaymentApproved({ consumer: 'books', gateway: 'tlync' })
      book(): void {
        calls.push('books');
      }

      @OnPaymentApproved({ after: 'books' })
      mail(): void {
        calls.push('mail');
      }
    }
    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(200);
    await expect.poll(() => calls).toEqual(['mail']);
  });
});

describe('a filter', () => {
  it('hands a consumer only what it asks for', async () => {
    const heard: string[] = [];

    @Injectable()
    class Orders {
      @OnPaymentApproved({ gateway: 'mpgs', account: 'default' })
      mpgs({ gateway }: PaymentApprovedEvent): void {
        heard.push(gateway);
      }

      @OnPaymentApproved({ gateway: 'tlync' })
      tlync(): void {
        heard.push('tlync');
      }
    }
    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(200);
    expect(heard).toEqual(['mpgs']);
  });

  it('that does not match is no handler: the payment is not taken', async () => {
    @Injectable()
    class Orders {
      @OnPaymentApproved({ gateway: 'tlync' })
      tlync(): void {}
    }
    const { url } = await startWith(Orders);

    expect(await arrive(url)).toBe(503);
  });
});

describe('who only observes', () => {
  async function startAudited(configure: (emitter: EventEmitter2) => void) {
    const audited: unknown[] = [];

    @Injectable()
    class AuditLog {
      @OnEvent('**')
      all(event: PaymentApprovedEvent): void {
        audited.push(event.outcome);
      }
    }
    const testingModule = await Test.createTestingModule({
      imports: [
        EventEmitterModule.forRoot({ wildcard: true }),
        PlutuModule.forRoot(ACCOUNT),
      ],
      providers: [AuditLog],
    }).compile();
    const app = testingModule.createNestApplication(defaultAdapter(), {
      logger: false,
    });
    onTestFinished(() => app.close());
    configure(app.get(EventEmitter2));
    await app.listen(0, '127.0.0.1');
    return { url: await app.getUrl(), audited };
  }

  it('does not make a payment published that nobody handles', async () => {
    const { url, audited } = await startAudited((emitter) => {
      emitter.onAny(() => {});
      emitter.on('plutu.payment.*', () => {});
    });

    expect(await arrive(url)).toBe(503);
    expect(audited).toEqual([]);
  });

  it('hears of a payment once, when its consumers have succeeded', async () => {
    let attempts = 0;
    const any: unknown[] = [];
    const { url, audited } = await startAudited((emitter) => {
      emitter.on(PLUTU_EVENTS.paymentApproved, () => {
        if (++attempts < 3) throw new Error('the database is down');
      });
      emitter.onAny((name) => any.push(name));
    });

    for (let arrival = 0; arrival < 4; arrival++) await arrive(url);

    expect(audited).toEqual(['approved']);
    expect(any).toEqual(['plutu.payment.approved']);
  });

  it('sees the name of the event in this.event', async () => {
    const names: unknown[] = [];
    const { url } = await startAudited((emitter) => {
      emitter.on(PLUTU_EVENTS.paymentApproved, () => {});
      emitter.on('plutu.**', function (this: EventEmitter2) {
        names.push(Reflect.get(this, 'event'));
      });
    });

    await arrive(url);

    expect(names).toEqual(['plutu.payment.approved']);
  });

  it('and fails, keeps no payment from being taken', async () => {
    const { url } = await startAudited((emitter) => {
      emitter.on(PLUTU_EVENTS.paymentApproved, () => {});
      emitter.on('plutu.**', () => {
        throw new Error('the disk is full');
      });
    });

    expect(await arrive(url)).toBe(200);
  });
});

describe('consumers that cannot be told apart or put in order stop the application at startup:', () => {
  @Injectable()
  class Twins {
    @OnPaymentApproved({ consumer: 'books' })
    one(): void {}

    @OnPaymentApproved({ consumer: 'books' })
    two(): void {}
  }

  @Injectable()
  class Lost {
    @OnPaymentApproved({ after: 'boks' })
    mail(): void {}
  }

  @Injectable()
  class Circle {
    @OnPaymentApproved({ consumer: 'a', after: 'b' })
    a(): void {}

    @OnPaymentApproved({ consumer: 'b', after: 'c' })
    b(): void {}

    @OnPaymentApproved({ consumer: 'c', after: 'a' })
    c(): void {}
  }

  @Injectable()
  class Misspelled {
    @OnPaymentApproved({ gateway: 'local-bank-cards' })
    paid(): void {}
  }

  @Injectable()
  class Abroad {
    @OnPaymentApproved({ account: 'eu' })
    paid(): void {}
  }

  it.each([
    ['a gateway that is not taken', Misspelled, /gateway "local-bank-cards"/],
    ['an account that is not there', Abroad, /account "eu"/],
    ['two of one name', Twins, /Two consumers.*"books"/],
    ['an unknown name', Lost, /"Lost.mail".*waits for "boks"/],
    ['a circle', Circle, /circle: a after b after c after a/],
  ])('%s', async (_, provider, message) => {
    await expect(startWith(provider)).rejects.toThrow(message);
  });
});

it('a decorated handler is on the emitter like every other listener', async () => {
  let calls = 0;

  @Injectable()
  class Orders {
    @OnPaymentApproved()
    paid(): void {
      calls++;
    }
  }
  const { emitter } = await startWith(Orders);

  await emitter.emitAsync(PLUTU_EVENTS.paymentApproved, {});

  expect(emitter.listenerCount(PLUTU_EVENTS.paymentApproved)).toBe(1);
  expect(calls).toBe(1);
});
