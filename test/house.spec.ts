import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** From the public API down to the ground: each may import only what is below. */
const FLOORS = [
  'index.ts',
  'plutu.module.ts',
  'plutu.registration.ts',
  'plutu.options.ts',
  'gateways',
  'openapi',
  'checkout',
  'otp',
  'callbacks',
  'requests',
  'payments',
  'api',
  'account',
  'diagnostics',
  'protocol',
  'utils',
  'errors',
];

/** They stand outside the order, and nothing imports them. */
const ENTRY_POINTS: Readonly<Record<string, readonly string[]>> = {
  bullmq: [
    'bullmq',
    'payments',
    'api',
    'account',
    'diagnostics',
    'protocol',
    'utils',
    'errors',
  ],
  sql: [
    'sql',
    'cli',
    'payments',
    'api',
    'account',
    'diagnostics',
    'protocol',
    'utils',
    'errors',
  ],
  sandbox: ['sandbox', 'protocol', 'cli'],
  testing: ['testing', 'sandbox', 'bullmq', ...FLOORS],
  // The command line, which loads each command when it is asked for.
  cli: ['cli', 'sandbox', 'sql'],
};

/** These do not know each other, although the list has to put one above another. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ['callbacks', 'checkout'],
  ['callbacks', 'otp'],
  ['callbacks', 'requests'],
  ['otp', 'checkout'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts'),
);

const imports: Import[] = files.flatMap((from) => {
  const code = readFileSync(join(SRC, from), 'utf8');
  return [...code.matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(
    ([, path = '']) => ({
      from,
      to: normalize(join(dirname(from), path)).replace(/\.js$/, '.ts'),
    }),
  );
});

const roomOf = (file: string): string => file.split('/')[0] ?? '';

const gatewayOf = (file: string): string | undefined =>
  /^gateways\/([^/]+)\//.exec(file)?.[1];

function mayImport({ from, to }: Import): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  const allowed = ENTRY_POINTS[room];
  if (allowed) return allowed.includes(other);
  if (other in ENTRY_POINTS) return false;
  if (STRANGERS.some((pair) => pair.includes(room) && pair.includes(other))) {
    return room === other;
  }
  const [gateway, otherGateway] = [gatewayOf(from), gatewayOf(to)];
  if (gateway && otherGateway && gateway !== otherGateway) return false;
  return FLOORS.indexOf(room) <= FLOORS.indexOf(other);
}

describe('the house', () => {
  it('has a place for every file', () => {
    const known = [...FLOORS, ...Object.keys(ENTRY_POINTS)];
    expect(files.filter((file) => !known.includes(roomOf(file)))).toEqual([]);
  });

  it('has no import that goes up, sideways or into an entry point', () => {
    const wrong = imports
      .filter((one) => !mayImport(one))
      .map(({ from, to }) => `src/${from} imports src/${to}`);
    expect(wrong).toEqual([]);
  });

  it('has no circle of imports', () => {
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      if (done.has(file)) return;
      for (const { from, to } of imports) {
        if (from === file) visit(to, [...path, file]);
      }
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });
});
