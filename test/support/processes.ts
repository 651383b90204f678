import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const manifest = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { bin: { 'nestjs-plutu': string } };

/**
 * Runs a compiled file in a process of its own, ended with the test.
 *
 * @param file its path from the root of the project.
 */
export function runNode(file: string, ...options: string[]) {
  const run = startNode(file, ...options);
  onTestFinished(() => void run.child.kill('SIGKILL'));
  return run;
}

/** The same outside of a test: whoever starts it ends it. */
export function startNode(file: string, ...options: string[]) {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...options]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }));
  return { child, output, ended };
}

/** Runs the package's command, from the file that npm installs for it. */
export function runCli(...args: string[]) {
  return runNode(manifest.bin['nestjs-plutu'], ...args);
}
