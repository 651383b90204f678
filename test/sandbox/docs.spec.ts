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
} from '../../src/sandbox/gateways/index.js';
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
    expect(commands).toHaveLength(2);
    for (const command of commands) {
      const { stdout } = await run('sh', ['-c', command]);
      expect(JSON.parse(stdout)).not.toHaveProperty('error');
    }
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
