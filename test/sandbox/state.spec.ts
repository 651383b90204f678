import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PlutuSandbox, type SandboxEvent } from '../../src/sandbox/index.js';
import {
  askOtp,
  confirm,
  openCheckout,
  press,
  sendCode,
  startMerchant,
  startSandbox,
} from '../support/sandbox.js';

async function newStateFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-plutu-state-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'sandbox.json');
}

describe('with a state file', () => {
  it('everything survives a restart', async () => {
    const file = await newStateFile();
    const merchant = await startMerchant();
    const return_url = merchant.origin;
    const first = await startSandbox({ stateFile: file });
    const port = Number(new URL(first.origin).port);
    const open = await openCheckout(first, { invoice_no: 'open', return_url });
    const paid = await openCheckout(first, { invoice_no: 'paid', return_url });
    const { browserUrl } = await first.pay('paid');
    first.setFault({ invoiceNo: 'open', callbackCopies: 2 });
    const before = [first.transactions, first.faults];
    await first.close();

    const second = await startSandbox({ stateFile: file, port });

    expect([second.transactions, second.faults]).toEqual(before);
    // A customer who comes back is sent where the first life sent them.
    const again = await press(paid, 'pay');
    expect(again.headers.get('location')).toBe(browserUrl);
    expect(merchant.calls).toHaveLength(1);
    await press(open, 'pay');
    expect(merchant.calls).toHaveLength(3);
    expect(second.transactions[0]?.deliveries).toMatchObject([
      { id: 2 },
      { id: 3 },
    ]);
    const used = await confirm(second, {
      amount: '5',
      invoice_no: 'paid',
      return_url,
    });
    expect(used.status).toBe(422);
  });

  it('a code that was sent before a restart pays after it, and a paid invoice number stays used', async () => {
    const stateFile = await newStateFile();
    const first = await startSandbox({ stateFile, merchantName: 'Old name' });
    const open = await sendCode(first, 'sadadapi');
    const paid = await sendCode(first, 'edfali');
    await askOtp(first, 'edfali', 'confirm', { ...paid, invoice_no: 'paid' });
    const before = [first.otpProcesses, first.sms];
    await first.close();

    const second = await startSandbox({ stateFile });

    expect([second.otpProcesses, second.sms]).toEqual(before);
    const used = { ...open, invoice_no: 'paid' };
    const refused = await askOtp(second, 'sadadapi', 'confirm', used);
    expect(refused.answer.error?.code).toBe('DUPLICATED_INVOICE_NUMBER');
    const confirmed = await askOtp(second, 'sadadapi', 'confirm', open);
    expect(confirmed.status).toBe(200);
    // What is kept is what the sandbox needs.
    const text = await readFile(stateFile, 'utf8');
    expect(text).not.toContain('birth');
  });

  it('there is always one whole file, and no draft is left', async () => {
    const file = await newStateFile();
    const sandbox = await startSandbox({ stateFile: file });
    for (let count = 0; count < 50; count++) {
      await openCheckout(sandbox, { invoice_no: `i-${count}` });
      const text = await readFile(file, 'utf8').catch(() => '{}');
      expect(() => void JSON.parse(text)).not.toThrow();
    }
    await sandbox.close();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      checkouts: { length: 50 },
    });
    expect(await readdir(join(file, '..'))).toEqual(['sandbox.json']);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"sandbox":"nestjs-plutu","version":3,"checkouts":[{}],"otpProcesses":[],"faults":[]}',
    '{"sandbox":"nestjs-plutu","version":3,"checkouts":[{"token":"t","gateway":"visa","transactionId":"1","invoiceNo":"i","amount":"5","returnUrl":"http://a/","deliveries":[],"faults":{}}],"otpProcesses":[],"faults":[]}',
    '{"sandbox":"nestjs-plutu","version":3,"checkouts":[],"otpProcesses":[{"processId":"1"}],"faults":[]}',
    '{"sandbox":"nestjs-plutu","version":3,"checkouts":[],"otpProcesses":[{"processId":"1","mobileNumber":"0913632323","amount":"5","createdAt":"2026-01-01T00:00:00Z","gateway":"mpgs","sms":{"text":"1","code":"1"}}],"faults":[]}',
    '{"sandbox":"nestjs-plutu","version":3,"checkouts":[],"otpProcesses":[{"processId":"1","mobileNumber":"0913632323","amount":"5","createdAt":"2026-01-01T00:00:00Z","gateway":"edfali","sms":{}}],"faults":[]}',
    '{"name":"somebody-elses","version":1}',
  ])('a damaged one is named, and left alone: %s', async (text) => {
    const file = await newStateFile();
    await writeFile(file, text);
    await expect(PlutuSandbox.start({ stateFile: file })).rejects.toThrow(file);
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('no draft is left if the state file cannot be replaced', async () => {
    const events: SandboxEvent[] = [];
    const file = await newStateFile();
    const sandbox = await startSandbox({
      stateFile: file,
      onEvent: (event) => events.push(event),
    });
    await mkdir(file);
    await openCheckout(sandbox);
    await sandbox.close();

    expect(await readdir(join(file, '..'))).toEqual(['sandbox.json']);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'state-not-saved',
        message: expect.stringContaining('EISDIR'),
      }),
    );
  });

  it('one that cannot be written is reported, and the sandbox goes on', async () => {
    const events: SandboxEvent[] = [];
    const file = join(await newStateFile(), 'no', 'such', 'folder.json');
    const sandbox = await startSandbox({
      stateFile: file,
      onEvent: (event) => events.push(event),
    });
    expect((await confirm(sandbox)).status).toBe(200);
    await sandbox.close();
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'state-not-saved',
        message: expect.stringContaining('ENOENT'),
      }),
    );
  });
});
