import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/**
 * Writes the README's code blocks that begin with the name of a file.
 *
 * @param folders which of their top folders, such as `src`, or of their files there.
 */
export async function writeReadmeApplication(
  target: string,
  folders: readonly string[],
): Promise<void> {
  const readme = await readFile(README, 'utf8');
  const blocks = readme.matchAll(
    /```[jt]s\n\/\/ (\S+\.(?:ts|mjs))\n(.*?)```/gs,
  );
  for (const [, path = '', source = ''] of blocks) {
    if (!folders.includes(path.split('/', 1)[0] ?? '')) continue;
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), source);
  }
}
