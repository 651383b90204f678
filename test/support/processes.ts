import {
  spawn,
  type ChildProcess,
  type SpawnOptions,
} from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const servers = new Set<ChildProcess>();
const folders = new Set<string>();
process.once('exit', removeServers);
// Vitest ends its workers with this signal, for which there is no 'exit'.
process.once('SIGTERM', () => {
  removeServers();
  process.kill(process.pid, 'SIGTERM');
});

function removeServers(): void {
  for (const server of servers) server.kill('SIGKILL');
  for (const folder of folders) {
    // Its server may still write while it ends.
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Starts a server of the tests' own, which does not outlive this process. */
export function startServerProcess(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const server = spawn(program, args, { stdio: 'ignore', ...options });
  servers.add(server);
  server.once('exit', () => servers.delete(server));
  return server;
}

/** Ends a process at once, with no chance to finish anything. */
export async function endAtOnce(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Makes a folder for such a server, which does not outlive this process either. */
export async function makeServerFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `nestjs-plutu-${name}-`));
  folders.add(folder);
  return folder;
}

export async function removeServerFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
}
