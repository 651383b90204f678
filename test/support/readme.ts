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

/** What the README's fragments use without importing it. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  '@nestjs/common': [
    'Controller',
    'Get',
    'Injectable',
    'Module',
    'SetMetadata',
    'type CanActivate',
    'type INestApplication',
  ],
  '@nestjs/event-emitter': ['EventEmitterModule'],
  '@nestjs/terminus': ['HealthCheck', 'HealthCheckService'],
  '@nestjs/throttler': ['SkipThrottle'],
  'nestjs-plutu': [
    'InjectPlutu',
    'mpgs',
    'MpgsService',
    'OnPaymentApproved',
    'PaymentApprovedEvent',
    'PlutuHealthIndicator',
    'PlutuModule',
    'plutuOptionsFromEnv',
    'type InvoiceQuery',
    'type InvoiceSource',
    'type PlutuKeys',
    'type TenantCredentialsSource',
  ],
  vitest: ['afterAll'],
};

/** What in them is the reader's own. */
const READERS_OWN = `
declare const app: INestApplication;
declare const europeanKeys: PlutuKeys;
declare class LoginGuard implements CanActivate {
  canActivate(): boolean;
}
declare class OrdersTable {
  byInvoiceNo(invoiceNo: string): Promise<{ amount: string } | undefined>;
}
declare class KeysTable {
  of(tenant: string): Promise<PlutuKeys | undefined>;
}
`;

/**
 * Writes the README's other blocks of TypeScript, with what they leave out, each
 * into a file that is named after its line.
 *
 * @returns how many there are.
 */
export async function writeReadmeFragments(target: string): Promise<number> {
  const readme = await readFile(README, 'utf8');
  const blocks = readme.matchAll(/^( *)```ts\n(?! *\/\/ \S+\.ts\n)(.*?)```/gms);
  let count = 0;
  for (const { 1: indent = '', 2: source = '', index } of blocks) {
    const line = readme.slice(0, index).split('\n').length;
    const fragment = source.replaceAll(`\n${indent}`, '\n').trim();
    await writeFile(
      join(target, `readme-line-${line}.ts`),
      `${importsOf(fragment)}\n${READERS_OWN}\n${fragment}\n`,
    );
    count++;
  }
  return count;
}

function importsOf(fragment: string): string {
  const imported = [...fragment.matchAll(/^import .*$/gm)].join('\n');
  return Object.entries(IMPORTS)
    .map(([module, names]) => {
      const missing = names.filter(
        (name) => !new RegExp(`\\b${name}\\b`).test(imported),
      );
      return `import { ${missing.join(', ')} } from '${module}';`;
    })
    .join('\n');
}
