import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ANSWER_FAULTS } from '../../src/sandbox/faults/sandbox-faults.js';
import { OTP_GATEWAYS } from '../../src/sandbox/gateways/index.js';
import {
  TEST_NUMBERS,
  type PlutuSandbox,
  type SandboxOtpGatewayName,
} from '../../src/sandbox/index.js';
import {
  askOtp,
  confirm,
  openCheckout,
  sendCode,
  startSandbox,
  VALID_FIELDS,
  VALID_VERIFY,
  type OtpAnswer,
} from '../support/sandbox.js';

/** What each gateway says differently. */
const OWN = {
  sadadapi: {
    title: 'Sadad',
    code: /^\d{6}$/,
    testCode: '111111',
    verifyResult: { commission: 0 },
    wrongCode: 'INVLIAD_OTP',
    wrongAmount: 'INVALID_INVOICE_AMOUNT_OR_NUMBER',
    usedInvoiceNo: 'DUPLICATED_INVOICE_NUMBER',
  },
  edfali: {
    title: 'Adfali',
    code: /^\d{4}$/,
    testCode: '1111',
    verifyResult: {},
    wrongCode: 'CONFIRMATION_ERROR',
    wrongAmount: 'INVALID_AMOUNT',
    usedInvoiceNo: 'INVALID_INPUTS',
  },
} as const;

const NAMES = ['sadadapi', 'edfali'] as const;

const otherOf = (gateway: SandboxOtpGatewayName) =>
  gateway === 'edfali' ? 'sadadapi' : 'edfali';

const codeOf = ({ answer }: OtpAnswer) => answer.error?.code ?? 'none';

/** A code that is neither in the SMS nor always right. */
const wrong = (code: string) =>
  code.startsWith('2') ? code.replace('2', '3') : code.replace(/^./, '2');

/** After a lost answer too, how often the customers were charged. */
const charges = ({ otpProcesses }: PlutuSandbox) =>
  otpProcesses.filter(({ status }) => status === 'paid').length;

describe.each(NAMES)('through %s', (gateway) => {
  const own = OWN[gateway];
  const pay = (
    sandbox: PlutuSandbox,
    request: Record<string, string>,
    options?: Parameters<typeof askOtp>[4],
  ) => askOtp(sandbox, gateway, 'confirm', request, options);

  it('a customer gets a code by SMS, and pays with it', async () => {
    const sandbox = await startSandbox({ merchantName: 'Tripoli Books' });

    const sent = await askOtp(
      sandbox,
      gateway,
      'verify',
      VALID_VERIFY[gateway],
    );

    expect(sent).toEqual({
      status: 200,
      answer: {
        status: 200,
        result: {
          process_id: expect.any(Number),
          amount: 25.5,
          ...own.verifyResult,
        },
        message: expect.any(String),
      },
    });
    const processId = String(sent.answer.result?.['process_id']);
    expect(processId).toMatch(/^\d{13}$/);
    expect(sandbox.sms).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
        gateway,
        mobileNumber: '0913632323',
        text: expect.stringMatching(
          /^\w+: you pay 25\.50 LYD to Tripoli Books\. Your code: \d+$/,
        ),
        code: expect.stringMatching(own.code),
        processId,
      },
    ]);
    const [sms] = sandbox.sms;
    expect(sms?.text).toContain(`code: ${sms?.code}`);
    expect(sandbox.otpProcesses).toMatchObject([
      { status: 'sent', invoiceNo: undefined, transactionId: undefined },
    ]);

    const paid = await pay(sandbox, {
      process_id: processId,
      code: sms?.code ?? '',
      amount: '25.50',
      invoice_no: 'INV-1',
      customer_ip: '192.0.2.1',
    });

    expect(paid).toEqual({
      status: 200,
      answer: {
        status: 200,
        result: { transaction_id: expect.any(Number), amount: 25.5 },
        message: expect.any(String),
      },
    });
    const transactionId = String(paid.answer.result?.['transaction_id']);
    expect(transactionId).toMatch(/^\d{7,11}$/);
    expect(sandbox.otpProcesses).toMatchObject([
      {
        gateway,
        processId,
        mobileNumber: '0913632323',
        amount: '25.50',
        currency: 'LYD',
        status: 'paid',
        invoiceNo: 'INV-1',
        transactionId,
        customerIp: '192.0.2.1',
      },
    ]);
  });

  it('the test code is always right, beside the one in the SMS', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, gateway);
    const paid = await pay(sandbox, { ...request, code: own.testCode });
    expect(paid.status).toBe(200);
  });

  it('codes are text of the same length, and some begin with a zero', async () => {
    const sandbox = await startSandbox();
    for (let count = 0; count < 200; count++) await sendCode(sandbox, gateway);
    const codes = sandbox.sms.map(({ code }) => code);
    expect(codes.filter((code) => !own.code.test(code))).toEqual([]);
    expect(codes.some((code) => code.startsWith('0'))).toBe(true);
  });

  it('a customer who mistypes the code can try again with the same process and invoice number', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, gateway);

    for (const code of [wrong(request.code), '1', `${request.code}0`, 'abc']) {
      const refused = await pay(sandbox, { ...request, code });
      expect([code, refused.status]).toEqual([code, 422]);
      expect(codeOf(refused)).toBe(own.wrongCode);
    }
    expect(charges(sandbox)).toBe(0);

    expect((await pay(sandbox, request)).status).toBe(200);
  });

  it('a process pays once, whatever the invoice number', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, gateway);
    await pay(sandbox, request);

    const again = await pay(sandbox, { ...request, invoice_no: 'INV-2' });

    expect(again).toMatchObject({
      status: 422,
      answer: {
        error: {
          code: 'INVALID_INPUTS',
          fields: { process_id: ['is paid already'] },
        },
      },
    });
    expect(charges(sandbox)).toBe(1);
  });

  it('two confirmations at the same moment charge the customer once', async () => {
    const sandbox = await startSandbox();
    sandbox.setFault({ confirmDelayMs: 30 });
    const request = await sendCode(sandbox, gateway);
    const both = await Promise.all([
      pay(sandbox, request),
      pay(sandbox, { ...request, invoice_no: 'INV-2' }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 422]);
    expect(charges(sandbox)).toBe(1);
  });

  it.each(NAMES)(
    'an invoice number that was paid through %s is refused',
    async (first) => {
      const sandbox = await startSandbox();
      await askOtp(sandbox, first, 'confirm', await sendCode(sandbox, first));

      const refused = await pay(sandbox, await sendCode(sandbox, gateway));

      expect(codeOf(refused)).toBe(own.usedInvoiceNo);
      expect(refused.answer.error).toMatchObject({
        fields: { invoice_no: ['has been used before'] },
      });
      expect(charges(sandbox)).toBe(1);
    },
  );

  it('an invoice number is used by a checkout page that is open, and a page cannot have one that was paid', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox, { invoice_no: 'INV-PAGE' });
    const request = await sendCode(sandbox, gateway);
    expect(
      codeOf(await pay(sandbox, { ...request, invoice_no: 'INV-PAGE' })),
    ).toBe(own.usedInvoiceNo);

    await pay(sandbox, request);

    const opened = await confirm(sandbox, VALID_FIELDS);
    expect(await opened.json()).toMatchObject({
      error: { code: 'DUPLICATED_INVOICE_NUMBER' },
    });
  });

  it('another amount than the customer was asked for is refused, and the same one in another spelling is not', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, gateway);
    for (const amount of ['25.51', '2.55', '2550']) {
      const refused = await pay(sandbox, { ...request, amount });
      expect([amount, codeOf(refused)]).toEqual([amount, own.wrongAmount]);
    }
    const paid = await pay(sandbox, { ...request, amount: '25.5' });
    expect(paid.status).toBe(200);
  });

  it('a process that was never opened, or belongs to the other gateway, is refused', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, otherOf(gateway));
    for (const process_id of ['1234567890123', request.process_id]) {
      const refused = await pay(sandbox, { ...request, process_id });
      expect(refused.answer.error).toMatchObject({
        code: 'INVALID_INPUTS',
        fields: { process_id: [expect.stringContaining(own.title)] },
      });
    }
    expect(charges(sandbox)).toBe(0);
  });

  it("one customer's code does not pay for another", async () => {
    const sandbox = await startSandbox();
    const first = await sendCode(sandbox, gateway);
    let second = await sendCode(sandbox, gateway);
    while (second.code === first.code) {
      second = await sendCode(sandbox, gateway);
    }
    const refused = await pay(sandbox, { ...second, code: first.code });
    expect(codeOf(refused)).toBe(own.wrongCode);
    expect((await pay(sandbox, first)).status).toBe(200);
  });

  it.each(['the code of the SMS', 'the test code'])(
    'a code expires, and so does %s',
    async (which) => {
      const sandbox = await startSandbox({ otpLifetimeMs: 1 });
      const request = await sendCode(sandbox, gateway);
      await sleep(10);
      const code = which.includes('SMS') ? request.code : own.testCode;
      const refused = await pay(sandbox, { ...request, code });
      expect(codeOf(refused)).toBe('OTP_EXPIRED');
      expect(charges(sandbox)).toBe(0);
    },
  );

  it.each(
    (OTP_GATEWAYS.find(({ name }) => name === gateway)?.testNumbers ?? []).map(
      (one) => ({ isCharged: false, ...one }),
    ),
  )(
    '$mobileNumber is refused at $at with $code (charged: $isCharged)',
    async ({ mobileNumber, at, code, isCharged }) => {
      const sandbox = await startSandbox();
      const verified = await askOtp(sandbox, gateway, 'verify', {
        ...VALID_VERIFY[gateway],
        mobile_number: mobileNumber,
      });
      if (at === 'verify') {
        expect(codeOf(verified)).toBe(code);
        expect([sandbox.sms, sandbox.otpProcesses]).toEqual([[], []]);
        return;
      }
      const request = {
        process_id: String(verified.answer.result?.['process_id']),
        code: sandbox.lastSms(mobileNumber)?.code ?? '',
        amount: '25.50',
        invoice_no: 'INV-1',
      };
      const mistyped = await pay(sandbox, {
        ...request,
        code: wrong(request.code),
      });
      expect(codeOf(mistyped)).toBe(own.wrongCode);

      const refused = await pay(sandbox, request);

      expect(codeOf(refused)).toBe(code);
      const isFailure = /BACKEND|ADD_PAYMENT/.test(code);
      expect(refused.status).toBe(isFailure ? 500 : 422);
      expect(charges(sandbox)).toBe(isCharged ? 1 : 0);
    },
  );

  it('every other number of the gateway pays, with the zero or without', async () => {
    const sandbox = await startSandbox();
    const numbers = ['913632323', '0910000099', '0931234567'];
    if (gateway === 'edfali') numbers.push('0920000000', '967654321');
    for (const [index, mobile_number] of numbers.entries()) {
      const request = await sendCode(sandbox, gateway, { mobile_number });
      const invoice_no = `INV-${index}`;
      const paid = await pay(sandbox, { ...request, invoice_no });
      expect([mobile_number, paid.status]).toEqual([mobile_number, 200]);
    }
    expect(sandbox.sms.map((sms) => sms.mobileNumber)).toEqual(
      numbers.map((number) => `0${number.slice(-9)}`),
    );
  });

  it.each([
    ['mobile_number', 'MISSING_PARAMETER', ['']],
    [
      'mobile_number',
      'INVALID_INPUTS',
      [
        '0973632323',
        '091363232',
        '09136323231',
        '+218913632323',
        '٠٩١٣٦٣٢٣٢٣',
        '091 363 2323',
      ],
    ],
    ['amount', 'MISSING_PARAMETER', ['']],
    ['amount', 'INVALID_AMOUNT_FORMAT', ['5.001', '-5', '1e2', 'five']],
    ['amount', 'AMOUNT_NOT_ALLOWED', ['0', '4.99']],
    ['amount', 'AMOUNT_EXCEEDED_MAXIMUM', ['500.01']],
    ...(gateway === 'sadadapi'
      ? ([
          ['mobile_number', 'INVALID_INPUTS', ['0923632323', '943632323']],
          ['birth_year', 'MISSING_PARAMETER', ['']],
          ['birth_year', 'INVALID_INPUTS', ['90', '19900', '199o']],
        ] as const)
      : []),
  ] as const)(
    'no SMS is sent for a wrong %s (%s): %j',
    async (name, code, values) => {
      const sandbox = await startSandbox({ minAmount: 5, maxAmount: 500 });
      for (const value of values) {
        const fields = { ...VALID_VERIFY[gateway], [name]: value };
        const refused = await askOtp(sandbox, gateway, 'verify', fields);
        expect(refused, value).toMatchObject({
          status: 422,
          answer: { error: { code, fields: { [name]: [expect.any(String)] } } },
        });
      }
      expect(sandbox.sms).toEqual([]);
    },
  );

  it.each([
    ['process_id', 'MISSING_PARAMETER', ''],
    ['process_id', 'INVALID_INPUTS', 'p-1'],
    ['code', 'MISSING_PARAMETER', ''],
    ['amount', 'MISSING_PARAMETER', ''],
    ['amount', 'INVALID_AMOUNT_FORMAT', '25.500'],
    ['invoice_no', 'MISSING_PARAMETER', ''],
    ['invoice_no', 'INVALID_INPUTS', 'INV/1'],
    ['customer_ip', 'INVALID_INPUTS', 'localhost'],
  ])('nobody is charged for a wrong %s (%s): %s', async (name, code, value) => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, gateway);
    const refused = await pay(sandbox, { ...request, [name]: value });
    expect(refused).toMatchObject({
      status: 422,
      answer: { error: { code, fields: { [name]: [expect.any(String)] } } },
    });
    expect(charges(sandbox)).toBe(0);
  });

  it('an account without the gateway is denied, and so are strangers', async () => {
    const sandbox = await startSandbox({ gateways: [otherOf(gateway)] });
    const fields = VALID_VERIFY[gateway];
    const denied = await askOtp(sandbox, gateway, 'verify', fields);
    expect([denied.status, codeOf(denied)]).toEqual([
      403,
      'DENIED_ACCESS_GATEWAY',
    ]);
    const headers = { Authorization: 'Bearer wrong' };
    const stranger = await pay(sandbox, fields, { headers });
    expect(stranger.status).toBe(401);
  });

  describe('a fault', () => {
    it.each(ANSWER_FAULTS)(
      '%s of verify or confirm loses the answer only, or everything',
      async (fault) => {
        const sandbox = await startSandbox();
        const isRefusal = ['error', 'error-in-200', 'laravel-422'].includes(
          fault,
        );
        const ask = async (
          action: 'verify' | 'confirm',
          fields: Record<string, string>,
        ) => {
          sandbox.setFault({ gateway, [action]: fault, times: 1 });
          const signal = AbortSignal.timeout(500);
          // What is left of it is no JSON, or an error.
          const answer = await askOtp(sandbox, gateway, action, fields, {
            signal,
          }).then(
            (one) => one.answer,
            () => ({}),
          );
          expect(answer).not.toHaveProperty('result');
        };

        await ask('verify', VALID_VERIFY[gateway]);
        expect(sandbox.sms).toHaveLength(isRefusal ? 0 : 1);

        const request = await sendCode(sandbox, gateway);
        await ask('confirm', request);
        expect(charges(sandbox)).toBe(isRefusal ? 0 : 1);
        expect(sandbox.faults.map(({ struck }) => struck)).toEqual([1, 1]);
        expect(sandbox.requests).toMatchObject([
          { action: 'verify', fault },
          { action: 'verify', fault: undefined, code: 'OTP_SENT' },
          { action: 'confirm', fault, ...(!isRefusal && { code: 'CHARGED' }) },
        ]);

        // A shop that asks again learns what it may.
        const again = await pay(sandbox, request);
        expect(codeOf(again)).toBe(isRefusal ? 'none' : own.usedInvoiceNo);
        expect(charges(sandbox)).toBe(1);
      },
    );

    it('delays the answer of the request that it names', async () => {
      const sandbox = await startSandbox();
      sandbox.setFault({ gateway, verifyDelayMs: 60 });
      const request = await sendCode(sandbox, gateway);
      await pay(sandbox, request);
      const [verified, paid] = sandbox.requests;
      expect(verified?.durationMs).toBeGreaterThanOrEqual(55);
      expect(verified?.fault).toBe('delay');
      expect(paid?.fault).toBeUndefined();
    });

    it('of an error code strikes the request that it names, and waits for a right code', async () => {
      const sandbox = await startSandbox();
      const rule = { gateway, invoiceNo: 'INV-*', times: 1 };
      sandbox.setFault({ ...rule, confirm: 'error', errorCode: 'AUTH_ERROR' });
      sandbox.setFault({
        verify: 'error',
        errorCode: 'MAINTENANCE_MODE',
        amount: '13.37',
      });

      const fields = { ...VALID_VERIFY[gateway], amount: '13.37' };
      const refused = await askOtp(sandbox, gateway, 'verify', fields);
      expect(codeOf(refused)).toBe('MAINTENANCE_MODE');
      const request = await sendCode(sandbox, gateway);
      const mistyped = await pay(sandbox, {
        ...request,
        code: wrong(request.code),
      });
      expect(codeOf(mistyped)).toBe(own.wrongCode);
      const paid = await pay(sandbox, request);
      expect([paid.status, codeOf(paid)]).toEqual([401, 'AUTH_ERROR']);
      expect((await pay(sandbox, request)).status).toBe(200);
    });

    it('has a code for each request, if a rule of its own names it', async () => {
      const sandbox = await startSandbox();
      const request = await sendCode(sandbox, gateway);
      sandbox.setFault({ confirm: 'error', errorCode: 'AUTH_ERROR' });
      sandbox.setFault({ verify: 'error', errorCode: 'MAINTENANCE_MODE' });
      const fields = VALID_VERIFY[gateway];
      const sent = await askOtp(sandbox, gateway, 'verify', fields);
      expect(codeOf(sent)).toBe('MAINTENANCE_MODE');
      expect(codeOf(await pay(sandbox, request))).toBe('AUTH_ERROR');
      expect(sandbox.faults.map(({ struck }) => struck)).toEqual([1, 1]);
    });

    it('can be asked for by the request itself', async () => {
      const sandbox = await startSandbox();
      const headers = {
        'X-Sandbox-Faults': 'verify=error&errorCode=TOO_MAY_REQUESTS',
      };
      const fields = VALID_VERIFY[gateway];
      const refused = await askOtp(sandbox, gateway, 'verify', fields, {
        headers,
      });
      expect(refused.status).toBe(429);
    });
  });

  it('the log shows the requests as they were sent, and what was done', async () => {
    const sandbox = await startSandbox();
    const fields = { order_id: '77', ...VALID_VERIFY[gateway] };
    await askOtp(sandbox, gateway, 'verify', fields);
    const [sms] = sandbox.sms;
    const processId = sms?.processId ?? '';
    const request = { process_id: processId, code: wrong(sms?.code ?? '') };
    await pay(sandbox, { ...request, amount: '25.50', invoice_no: 'INV-1' });
    expect(sandbox.requests).toMatchObject([
      {
        gateway,
        action: 'verify',
        processId,
        invoiceNo: undefined,
        fields,
        unknownFields: ['order_id'],
        code: 'OTP_SENT',
      },
      {
        gateway,
        action: 'confirm',
        processId,
        invoiceNo: 'INV-1',
        unknownFields: [],
        code: own.wrongCode,
      },
    ]);
  });

  it('no line for the terminal, and no refusal, says a mobile number or a code', async () => {
    const lines: string[] = [];
    const events: object[] = [];
    const sandbox = await startSandbox({
      log: (line) => lines.push(line),
      onEvent: (event) => events.push(event),
    });
    const request = await sendCode(sandbox, gateway);
    const refused = [
      await pay(sandbox, { ...request, code: wrong(request.code) }),
      await askOtp(sandbox, gateway, 'verify', {
        ...VALID_VERIFY[gateway],
        mobile_number: TEST_NUMBERS.unknown,
      }),
    ];
    await pay(sandbox, request);

    expect(events).toMatchObject([
      { type: 'otp-sent', gateway, processId: request.process_id },
      { type: 'request-refused' },
      { type: 'request-refused' },
      { type: 'otp-paid', gateway, invoiceNo: 'INV-1' },
    ]);
    expect(lines[3]).toMatch(/^INV-1 paid at \w+, 25\.50 LYD: process \d{13}$/);
    // Their digits could be those of a code.
    const said = JSON.stringify([lines, events, refused])
      .replaceAll(request.process_id, '')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '');
    for (const secret of ['913632323', TEST_NUMBERS.unknown, '1990']) {
      expect(said).not.toContain(secret);
    }
    expect(said).not.toMatch(
      new RegExp(`\\b(${request.code}|${wrong(request.code)})\\b`),
    );
  });

  it('the dashboard shows the phone, the payment and its requests', async () => {
    const sandbox = await startSandbox({ merchantName: 'A <b> shop' });
    const request = await sendCode(sandbox, gateway);
    const page = async () => (await fetch(sandbox.origin)).text();
    const sent = await page();
    expect(sent).toMatch(
      new RegExp(
        `>0913632323</h3>[^]*A &#60;b&#62; shop[^]*<strong>${request.code}</strong>`,
      ),
    );
    expect(sent).toContain(`Process ${request.process_id}`);
    expect(sent).toContain('200 OTP_SENT');
    expect(sent).not.toContain('Requests without a payment');

    await pay(sandbox, request);

    const paid = await page();
    expect(paid).toContain('<span class="status paid">paid</span>');
    expect(paid).toContain(
      `Transaction ${sandbox.otpProcesses[0]?.transactionId}`,
    );
    expect(paid).toMatch(/class="good"\s*>200 CHARGED/);
  });

  it('the dashboard shows each request once, also one with the invoice number of a checkout page', async () => {
    const sandbox = await startSandbox();
    await openCheckout(sandbox);
    const request = await sendCode(sandbox, gateway);
    await pay(sandbox, request);
    await pay(sandbox, { ...request, process_id: '1' });
    const page = await (await fetch(sandbox.origin)).text();
    const shown = [...page.matchAll(/<details id="r-(\d+)"/g)];
    expect(shown.map(([, id]) => id)).toEqual(['2', '3', '1', '4']);
    expect(page).toContain('Requests without a payment');
  });
});

describe('the test numbers', () => {
  it('are each of use at a gateway, and the good one fails at none', () => {
    const { good, ...bad } = TEST_NUMBERS;
    const failing = new Set(
      OTP_GATEWAYS.flatMap(({ testNumbers }) =>
        testNumbers.map(({ mobileNumber }) => mobileNumber),
      ),
    );
    expect([...failing].toSorted()).toEqual(Object.values(bad).toSorted());
    expect(good).toBe('0913632323');
  });
});

describe('the control API', () => {
  const get = async (sandbox: PlutuSandbox, path: string) => {
    const response = await fetch(`${sandbox.origin}/control/${path}`);
    return { status: response.status, answer: await response.json() };
  };

  it('returns the last SMS to a number in any spelling, and says if there is no SMS', async () => {
    const sandbox = await startSandbox();
    await sendCode(sandbox, 'edfali');
    await sendCode(sandbox, 'sadadapi');
    await sendCode(sandbox, 'edfali', { mobile_number: '0921112223' });

    for (const number of ['0913632323', '913632323', '+218 91-363-2323']) {
      const path = `sms/${encodeURIComponent(number)}`;
      const answer = sandbox.sms[1];
      expect(await get(sandbox, path)).toEqual({ status: 200, answer });
      expect(sandbox.lastSms(number)).toEqual(answer);
    }
    for (const number of ['0940000000', 'nobody']) {
      expect(await get(sandbox, `sms/${number}`)).toMatchObject({
        status: 404,
        answer: { error: { code: 'NOT_FOUND' } },
      });
      expect(sandbox.lastSms(number)).toBeUndefined();
    }
  });

  it('lists SMS and processes, oldest first, and forgets them', async () => {
    const sandbox = await startSandbox();
    const request = await sendCode(sandbox, 'edfali');
    await sendCode(sandbox, 'sadadapi');
    await askOtp(sandbox, 'edfali', 'confirm', request);
    const { sms, otpProcesses } = sandbox;
    expect(await get(sandbox, 'sms')).toEqual({ status: 200, answer: { sms } });
    expect((await get(sandbox, 'otp-processes')).answer).toMatchObject({
      otpProcesses: [
        { gateway: 'edfali', status: 'paid', invoiceNo: 'INV-1' },
        { gateway: 'sadadapi', status: 'sent' },
      ],
    });
    expect(JSON.stringify(otpProcesses)).not.toContain('"code"');

    await fetch(`${sandbox.origin}/control/transactions`, { method: 'DELETE' });

    expect([sandbox.sms, sandbox.otpProcesses]).toEqual([[], []]);
    const again = await sendCode(sandbox, 'edfali');
    expect((await askOtp(sandbox, 'edfali', 'confirm', again)).status).toBe(
      200,
    );
  });
});

it('a fault rule that could never strike is refused', async () => {
  const sandbox = await startSandbox();
  for (const rule of [
    { invoiceNo: 'INV-1', verify: 'reset' },
    { invoiceNo: 'INV-1', verifyDelayMs: 5 },
  ] as const) {
    expect(() => sandbox.setFault(rule)).toThrow('choose by gateway or amount');
  }
  expect(sandbox.faults).toEqual([]);
});
