import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { runNode } from '../support/processes.js';

const START = 'examples/shop/dist/start.js';

describe('npm start', () => {
  it('walks one payment and ends by itself with --once', async () => {
    const { code, stdout, stderr } = await runNode(START, '--once').ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^Invoice shop-[\w-]+, 25\.50 USD, transaction \d+: exactly 1 approved event, although the callback arrived 2 times\.$/,
    );
  });

  it('never lets go of a port that it has chosen, so that nobody else can take it', async () => {
    const { code, stderr } = await runNode(
      'test/fixtures/shop-beside-a-port-thief.mjs',
      '--once',
    ).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('takes other ports if its own are in use', async () => {
    const first = runNode(START);
    while (!first.output.stdout.includes('Ctrl+C')) {
      await once(first.child.stdout, 'data');
    }
    const { code, stderr } = await runNode(START, '--once').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('stays up with a shop to buy from, until it is told to end', async () => {
    const { child, output, ended } = runNode(START);
    while (!output.stdout.includes('Ctrl+C')) await once(child.stdout, 'data');
    const [shop] = /(?<=yourself: +)http:\S+/.exec(output.stdout) ?? [];
    const page = await fetch(String(shop));
    expect(await page.text()).toContain('A book of Libyan poems');

    child.kill('SIGTERM');

    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});
