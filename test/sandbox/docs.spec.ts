import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ARRIVALS,
  ANSWER_FAULTS,
  FAULT_CHECKS,
} from '../../src/sandbox/faults/sandbox-faults.js';
import {
  GATEWAY_NAMES,
  HOSTED_GATEWAYS,
  OTP_GATEWAYS,
} from '../../src/sandbox/gateways/index.js';
import { TEST_NUMBERS } from '../../src/sandbox/gateways/test-numbers.js';
import { curlPath, HOW_TO_GET_CURL } from '../support/curl.js';
import { confirm, startMerchant, startSandbox } from '../support/sandbox.js';
import { isMissing, onPath } from '../support/tools.js';

const DOCS = readFileSync(
  new URL('../../docs/sandbox.md', import.meta.url),
  'utf8',
);

const run = promisify(execFile);

/** The code blocks of one language, led to another sandbox. */
function blocks(language: string, origin: string): string[] {
  const found = DOCS.matchAll(
    new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'),
  );
  return Array.from(found, ([, code = '']) =>
    code.replaceAll('http://127.0.0.1:4010', origin),
  );
}

describe('docs/sandbox.md', () => {
  it.each([
    ...Object.keys(FAULT_CHECKS),
    ...ANSWER_FAULTS,
    ...ARRIVALS,
    ...GATEWAY_NAMES,
    ...HOSTED_GATEWAYS.flatMap(({ page }) =>
      [...page.results, ...page.methods].map(({ id }) => id),
    ),
  ])('tells of %s', (name) => {
    // Not `toContain`, which would print all of it.
    expect(DOCS.includes(`\`${name}\``)).toBe(true);
  });

  /** The cells of the row that begins so, without what is no code in them. */
  const rowOf = (start: string) => {
    const row = DOCS.split('\n').find((line) => line.startsWith(`| ${start}`));
    return (row?.split('|') ?? []).slice(1, -1);
  };
  const codeIn = (cell = '') => /`([A-Z_]+)`/.exec(cell)?.[1];

  it.each(Object.entries(TEST_NUMBERS))(
    'has a row for the test number %s, %s, with its codes and whether it charges',
    (_, number) => {
      const [, happens = '', ...codes] = rowOf(`\`${number}\``);
      const failures = OTP_GATEWAYS.map(({ testNumbers }) =>
        testNumbers.find(({ mobileNumber }) => mobileNumber === number),
      );
      expect(codes.map(codeIn)).toEqual(failures.map((one) => one?.code));
      for (const failure of failures) {
        if (failure === undefined) continue;
        expect(happens).toContain(`\`${failure.at}\`: `);
        expect(happens.includes('**is** charged')).toBe(
          failure.isCharged ?? false,
        );
      }
    },
  );

  it('has a row for each way in which a confirmation is refused', () => {
    const rows = {
      wrongCode: 'a wrong code',
      wrongAmount: 'another amount',
      usedInvoiceNo: 'an invoice number that was used',
    } as const;
    for (const name of ['wrongCode', 'wrongAmount', 'usedInvoiceNo'] as const) {
      const [, ...codes] = rowOf(rows[name]);
      expect(codes.map(codeIn)).toEqual(
        OTP_GATEWAYS.map(({ refusals }) => refusals[name]),
      );
    }
  });

  it.each(OTP_GATEWAYS.map(({ testCode }) => testCode))(
    'tells that %s is always right',
    (code) => {
      expect(DOCS.includes(`\`${code}\``)).toBe(true);
    },
  );
});

describe.skipIf(
  isMissing(curlPath, {
    suite: 'the curl commands of docs/sandbox.md',
    howToGetIt: HOW_TO_GET_CURL,
  }),
)('the curl commands of docs/sandbox.md', () => {
  it('work as they stand there', async () => {
    const sandbox = await startSandbox();
    const commands = blocks('sh', sandbox.origin).filter((code) =>
      code.startsWith('curl'),
    );
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      // One JSON after the other.
      const { stdout } = await run('sh', ['-c', command]);
      expect(stdout).toMatch(/^(\{.*\})+$/);
      expect(stdout).not.toContain('"error":');
    }
    expect(sandbox.sms).toMatchObject([
      { gateway: 'sadadapi', mobileNumber: '0913632323' },
    ]);
    expect(sandbox.requests.map(({ status }) => status)).toEqual([200, 200]);
    expect(sandbox.transactions).toMatchObject([{ invoiceNo: 'INV-1' }]);
    expect(sandbox.faults).toMatchObject([{ confirm: 'reset', times: 1 }]);
  });
});

const PYTHON = onPath('python3');

describe.skipIf(
  isMissing(PYTHON, {
    suite: 'the Python of docs/sandbox.md',
    howToGetIt: 'put python3 on the PATH (Debian: apt-get install python3)',
  }),
)('the Python of docs/sandbox.md', () => {
  it('works as it stands there', async () => {
    const sandbox = await startSandbox();
    const merchant = await startMerchant();
    const [script = ''] = blocks('python', sandbox.origin);
    const [before = '', after = ''] = script.split(/^# … your.*$/m);
    await run(PYTHON ?? '', ['-c', before]);
    await confirm(sandbox, {
      amount: '5',
      invoice_no: 'INV-1',
      return_url: merchant.origin,
    });
    // Without the reset, which stands in the first half.
    const setUp = before.replace('control("POST", "/reset")', '');
    await run(PYTHON ?? '', ['-c', setUp + after]);
    expect(merchant.calls).toHaveLength(3);
  });
});
