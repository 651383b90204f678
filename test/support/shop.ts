import { once } from 'node:events';
import type { runNode } from './processes.js';

/** What `npm start` runs. */
export const START = 'examples/shop/dist/start.js';

/**
 * Waits until the example shop is there to buy from.
 *
 * @returns where it and its local Plutu are.
 * @throws {Error} with what it printed, if it ends instead.
 */
export async function shopOf({
  child,
  output,
  ended,
}: ReturnType<typeof runNode>): Promise<{ shop: string; plutu: string }> {
  while (!output.stdout.includes('Ctrl+C')) {
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(({ stdout, stderr }) => {
        throw new Error(`The shop has ended: ${stdout}${stderr}`);
      }),
    ]);
  }
  const [shop = '', plutu = ''] =
    output.stdout.match(/(?<=^[A-Z][^/]*: +)http:\S+$/gm) ?? [];
  return { shop, plutu };
}
