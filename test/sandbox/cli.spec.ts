import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../support/servers.js';
import { runCli } from '../support/processes.js';

const startCli = (...options: string[]) => runCli('sandbox', ...options);

describe('nestjs-plutu sandbox', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens, serves, and ends at %s',
    async (signal) => {
      const { child, output, ended } = startCli(
        '--port=0',
        '--api-key=key',
        '--access-token=token',
        '--secret-key=unspoken',
        '--merchant=Tripoli Books',
      );
      await once(child.stdout, 'data');
      const [baseUrl] = /http:\S+/.exec(output.stdout) ?? [];
      const response = await fetch(`${baseUrl}/v1/transaction/mpgs/confirm`, {
        method: 'POST',
        headers: { Authorization: 'Bearer token', 'X-API-KEY': 'key' },
        body: new URLSearchParams({
          amount: '5',
          invoice_no: '1',
          return_url: `http://127.0.0.1:${await freePort()}/callback`,
        }),
      });
      expect(response.status).toBe(200);
      const [checkout] = /http:[^"]+/.exec(await response.text()) ?? [];
      const page = await fetch(String(checkout));
      expect(await page.text()).toContain('Tripoli Books');
      await fetch(`${checkout}/pay`, { method: 'POST', redirect: 'manual' });
      await fetch(`${baseUrl}/v1/nothing`);

      child.kill(signal);
      expect(await ended).toEqual({
        code: 0,
        stdout: expect.stringMatching(
          /^Plutu sandbox listening on http:\/\/127\.0\.0\.1:\d+\/api\nDashboard: http:\/\/127\.0\.0\.1:\d+\/\n1 open at mpgs, 5 USD: http:\S+\/checkout\/\S+\n1 approved, callback to http:\S+\/callback: [^\n]*ECONNREFUSED[^\n]*\nrefused GET \/api\/v1\/nothing: 404 NOT_FOUND[^\n]*\n$/,
        ),
        stderr: '',
      });
    },
  );

  it('explains itself', async () => {
    const { ended } = startCli('--help');
    expect(await ended).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Usage: nestjs-plutu sandbox /),
      stderr: '',
    });
  });

  it.each([
    [['--colour']],
    [['--port', 'http']],
    [['--port', '65536']],
    [['--port', '--host']],
    [['--secret-key', '']],
    [['start']],
    [['--min-amount', '-1']],
    [['--max-amount', 'much']],
    [['--allowed-ip', 'localhost']],
    [['--gateway', 'visa']],
    [['--arrivals', 'never']],
  ])('refuses %j in one line', async (options) => {
    const { ended } = startCli(...options);
    expect(await ended).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^nestjs-plutu sandbox: [^\n]+ \(see --help\)\n$/,
      ),
    });
  });

  it('says in one line that its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { ended } = startCli('--port', String(port));
    expect(await ended).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*EADDRINUSE[^\n]*\n$/),
    });
  });

  it('speaks JSON, one object per line, with --json', async () => {
    const { child, output, ended } = startCli('--port=0', '--json');
    await once(child.stdout, 'data');
    const { origin } = JSON.parse(output.stdout) as { origin: string };
    await fetch(`${origin}/nothing`);
    child.kill('SIGTERM');
    const { stdout } = await ended;
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        at: expect.any(String),
        type: 'listening',
        baseUrl: `${origin}/api`,
        origin,
      },
      {
        at: expect.any(String),
        type: 'request-refused',
        method: 'GET',
        path: '/nothing',
        status: 404,
        code: 'NOT_FOUND',
        message: expect.any(String),
      },
    ]);
  });

  it('says only where it listens with --quiet', async () => {
    const { child, output, ended } = startCli('--port=0', '--quiet');
    await once(child.stdout, 'data');
    const [origin = ''] = /http:\/\/[\d.:]+/.exec(output.stdout) ?? [];
    await fetch(`${origin}/nothing`);
    child.kill('SIGTERM');
    const { stdout, stderr } = await ended;
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toBe('');
  });

  it('warns where others can reach it', async () => {
    const { child, ended } = startCli('--port=0', '--host=0.0.0.0');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect((await ended).stderr).toMatch(/^[^\n]*0\.0\.0\.0[^\n]*\n$/);
  });

  it('refuses what it is told to refuse', async () => {
    const { child, output } = startCli(
      '--port=0',
      '--min-amount=5.01',
      '--allowed-ip=127.0.0.1',
      '--allowed-ip=::1',
    );
    await once(child.stdout, 'data');
    const [baseUrl] = /http:\S+/.exec(output.stdout) ?? [];
    const response = await fetch(`${baseUrl}/v1/transaction/mpgs/confirm`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer sandbox_access_token',
        'X-API-KEY': 'sandbox_api_key',
      },
      body: new URLSearchParams({
        amount: '5',
        invoice_no: '1',
        return_url: 'http://127.0.0.1/',
      }),
    });
    expect(await response.json()).toMatchObject({
      error: { code: 'AMOUNT_NOT_ALLOWED' },
    });
  });

  it('keeps its state over a restart, and says where it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-plutu-cli-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'state.json');
    const faultsOf = async (change?: string) => {
      const { child, output, ended } = startCli('--port=0', `--state=${file}`);
      await once(child.stdout, 'data');
      const [origin = ''] = /http:\/\/[\d.:]+/.exec(output.stdout) ?? [];
      const url = `${origin}/control/faults`;
      if (change) await fetch(url, { method: 'POST', body: change });
      const answer = await (await fetch(url)).text();
      child.kill('SIGTERM');
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
      return answer;
    };
    const before = await faultsOf('{"confirm":"hang"}');
    expect(await faultsOf()).toBe(before);
    expect(before).toContain('hang');

    await writeFile(file, 'no state');
    const { ended } = startCli('--port=0', `--state=${file}`);
    expect(await ended).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^[^\n]*state\.json is damaged[^\n]*\n$/),
    });
  });
});
