import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from './support/servers.js';
import { runNode } from './support/processes.js';

// The file that is published, so that what npm installs is what is tested.
const startCli = (...options: string[]) =>
  runNode('dist/sandbox/cli.js', ...options);

describe('nestjs-plutu-sandbox', () => {
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
          /^Plutu sandbox listening on http:\/\/127\.0\.0\.1:\d+\/api\nDashboard: http:\/\/127\.0\.0\.1:\d+\/\n1 open, 5: http:\S+\/checkout\/\S+\n1 approved, callback to http:\S+\/callback: [^\n]*ECONNREFUSED[^\n]*\nrefused GET \/api\/v1\/nothing: 404 NOT_FOUND[^\n]*\n$/,
        ),
        stderr: '',
      });
    },
  );

  it('explains itself', async () => {
    const { ended } = startCli('--help');
    expect(await ended).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Usage: nestjs-plutu-sandbox /),
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
  ])('refuses %j in one line', async (options) => {
    const { ended } = startCli(...options);
    expect(await ended).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^nestjs-plutu-sandbox: [^\n]+\n$/),
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
});
