import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runCli } from './support/processes.js';

const USAGE = /^Usage: nestjs-plutu <command> \[options\]\n[^]*\n {2}sandbox +/;

describe('the command line of the package', () => {
  it("has one binary, with the name of the package, so that npx runs nobody else's", async () => {
    const file = new URL('../package.json', import.meta.url);
    const { name, bin } = JSON.parse(await readFile(file, 'utf8')) as {
      name: string;
      bin: object;
    };

    expect(Object.keys(bin)).toEqual([name]);
  });

  it.each(['--help', '-h'])('lists its commands for %s', async (option) => {
    expect(await runCli(option).ended).toEqual({
      code: 0,
      stdout: expect.stringMatching(USAGE),
      stderr: '',
    });
  });

  it.each([
    ['no command', [], 'no command given'],
    ['an empty command', [''], 'no command given'],
    ['an unknown command', ['sandbx'], 'unknown command "sandbx"'],
    [
      'a name that every object has',
      ['toString'],
      'unknown command "toString"',
    ],
    [
      'an option in place of a command',
      ['--port=1'],
      'unknown command "--port=1"',
    ],
    ['a command with a line break', ['a\nb'], 'unknown command "a\\nb"'],
  ])(
    'says what is wrong and how to use it, given %s',
    async (_, args, problem) => {
      const { code, stdout, stderr } = await runCli(...args).ended;
      const [line, blank, ...usage] = stderr.split('\n');

      expect({ code, stdout, line, blank }).toEqual({
        code: 2,
        stdout: '',
        line: `nestjs-plutu: ${problem}`,
        blank: '',
      });
      expect(usage.join('\n')).toMatch(USAGE);
    },
  );
});
