import {
  spawn,
  type ChildProcess,
  type SpawnOptions,
} from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
