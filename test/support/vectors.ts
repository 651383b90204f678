import { readFileSync } from 'node:fs';

interface Vector {
  readonly name: string;
  readonly query: string;
}

/** Callbacks signed by PHP itself; the first is the official SDK's own. */
export const vectors: {
  readonly secretKey: string;
  readonly accepted: readonly (Vector & {
    readonly outcome: string;
    readonly signedString: string;
  })[];
  readonly refused: readonly Vector[];
  readonly phpEncoding: Readonly<Record<string, string>>;
} = JSON.parse(
  readFileSync(
    new URL('../fixtures/callback-vectors.json', import.meta.url),
    'utf8',
  ),
);
