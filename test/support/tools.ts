import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs that is on the PATH. */
export function onPath(...names: string[]): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * For `describe.skipIf`: whether to skip a suite for want of a tool. Says so in
 * one line; in CI, where nothing may be left out silently, it throws.
 */
export function isMissing(
  tool: unknown,
  { suite, howToGetIt }: { suite: string; howToGetIt: string },
): boolean {
  if (tool !== undefined) return false;
  const line = `Skipped: ${suite}. To run it, ${howToGetIt}.`;
  if (process.env['CI'] === 'true') throw new Error(line);
  process.stderr.write(`${line}\n`);
  return true;
}
