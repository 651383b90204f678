import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);

/** The pages of the manual: the README, and what is in `docs/`. */
export const MANUAL: readonly string[] = [
  'README.md',
  ...readdirSync(at('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** @param path a document, from the root of the package. */
export function readDocument(path: string): string {
  return readFileSync(at(path), 'utf8');
}

/**
 * Writes the manual's code blocks that begin with the name of a file.
 *
 * @param folders which of their top folders, such as `src`, or of their files there.
 * @param variant also those whose first line goes on with this, such as `with the
 *   journal`, in place of those without.
 */
export async function writeManualApplication(
  target: string,
  folders: readonly string[],
  variant?: string,
): Promise<void> {
  const files = new Map<string, string>();
  const ofVariant = new Map<string, string>();
  for (const page of MANUAL) {
    const blocks = readDocument(page).matchAll(
      /```[jt]s\n\/\/ (\S+\.(?:ts|mjs))(?:, (.*))?\n([^]*?)```/g,
    );
    for (const [, path = '', title, source = ''] of blocks) {
      if (!folders.includes(path.split('/', 1)[0] ?? '')) continue;
      if (title === undefined) files.set(path, source);
      else if (title === variant) ofVariant.set(path, source);
    }
  }
  for (const [path, source] of [...files, ...ofVariant]) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), source);
  }
}

/** What the manual's fragments use without importing it. */
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
  '@nestjs/testing': ['Test'],
  '@nestjs/throttler': ['SkipThrottle'],
  '@nestjs/typeorm': ['TypeOrmModule'],
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
    'sadad',
    'type TenantCredentialsSource',
  ],
  'nestjs-plutu/sql': ['fromTypeOrm', 'PaymentJournal', 'sqlJournal'],
  'nestjs-plutu/testing': ['PlutuTestSandbox', 'recordPlutuEvents'],
  typeorm: ['DataSource', 'EntityManager'],
  vitest: ['afterAll'],
};

/** What in them is the reader's own. */
const READERS_OWN: Readonly<Record<string, string>> = {
  app: 'declare const app: INestApplication;',
  AppModule: 'declare class AppModule {}',
  dataSource: 'declare const dataSource: DataSource;',
  journal: 'declare const journal: PaymentJournal<EntityManager>;',
  KeysTable: `declare class KeysTable {
  of(tenant: string): Promise<PlutuKeys | undefined>;
}`,
  LoginGuard: `declare class LoginGuard implements CanActivate {
  canActivate(): boolean;
}`,
  Order: `declare class Order {
  invoiceNo: string;
  due: string;
  paidBy: string | null;
}`,
  OrdersTable: `declare class OrdersTable {
  byInvoiceNo(invoiceNo: string): Promise<{ amount: string } | undefined>;
  byOrderNo(orderNo: string): Promise<{ isPaid: boolean } | undefined>;
}`,
  payment: 'declare const payment: PaymentApprovedEvent;',
  Wallet: `declare class Wallet {
  id: number;
  dirhams: number;
}`,
};

/**
 * Writes the manual's other blocks of TypeScript, with what they leave out, each
 * into a file that is named after its page and line.
 *
 * @returns how many there are.
 */
export async function writeManualFragments(target: string): Promise<number> {
  let count = 0;
  for (const page of MANUAL) {
    const text = readDocument(page);
    const blocks = text.matchAll(
      /^( *)```ts\n(?! *\/\/ \S+\.ts\b)([^]*?)```/gm,
    );
    for (const { 1: indent = '', 2: source = '', index } of blocks) {
      const line = text.slice(0, index).split('\n').length;
      const fragment = source.replaceAll(`\n${indent}`, '\n').trim();
      await writeFile(
        join(target, `${basename(page, '.md')}-line-${line}.ts`),
        completed(fragment),
      );
      count++;
    }
  }
  return count;
}

/** A fragment with the imports and the declarations that it leaves out. */
function completed(fragment: string): string {
  const own = Object.entries(READERS_OWN)
    .filter(([name]) => lacks(fragment, name))
    .map(([, declaration]) => declaration);
  const code = [...own, fragment].join('\n');
  const imports = Object.entries(IMPORTS).flatMap(([module, names]) => {
    const missing = names.filter((name) =>
      lacks(code, name.replace('type ', '')),
    );
    return missing.length === 0
      ? []
      : [`import { ${missing.join(', ')} } from '${module}';`];
  });
  // A module, even if it imports nothing.
  return [...imports, code, 'export {};', ''].join('\n');
}

/** Whether code uses a name that it neither imports nor declares. */
function lacks(code: string, name: string): boolean {
  const isThere = (text: string, pattern: string) =>
    new RegExp(pattern, 'm').test(text);
  return (
    isThere(code, `\\b${name}\\b`) &&
    !isThere(code, `^import [^;]*\\b${name}\\b[^;]*;`) &&
    !isThere(code, `\\b(?:class|const) ${name}\\b`)
  );
}
