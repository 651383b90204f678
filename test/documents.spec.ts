import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { HOSTED_GATEWAY_OPTIONS } from '../src/gateways/hosted-gateway.options.js';
import { OTP_GATEWAY_OPTIONS } from '../src/gateways/otp-gateway.options.js';
import {
  checkAsyncOptions,
  checkFactoryOptions,
  checkModuleOptions,
} from '../src/plutu.options.js';
import { MANUAL, readDocument } from './support/manual.js';

const at = (path: string) => new URL(`../${path}`, import.meta.url);

const DOCUMENTS = [
  ...MANUAL,
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/README.md',
];

it.each(DOCUMENTS)('%s names files that exist', (document) => {
  const named = [
    ...readDocument(document).matchAll(
      /`((?:src|test|examples|bench|docs|\.ci)\/[\w./-]*)`/g,
    ),
  ].map(([, path = '']) => path);
  expect(named.filter((path) => !existsSync(at(path)))).toEqual([]);
});

it('CONTRIBUTING.md has a line for every folder of the source', () => {
  const contributing = readDocument('CONTRIBUTING.md');
  const folders = readdirSync(at('src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `| \`src/${name}/\``);
  expect(folders.filter((line) => !contributing.includes(line))).toEqual([]);
});

/** A link to a file of this package. */
interface Link {
  /** From the root of the package. */
  readonly path: string;
  /** Of a heading in it, or empty. */
  readonly anchor: string;
}

/** The relative links of a document. */
function linksIn(document: string): readonly Link[] {
  const prose = readDocument(document)
    .replaceAll(/^ *```[^]*?^ *```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => to)
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [file = '', anchor = ''] = to.split('#');
      const path = file ? normalize(join(dirname(document), file)) : document;
      return { path, anchor };
    });
}

/** The anchors that GitHub and npm give the headings of a document. */
function anchorsOf(document: string): readonly string[] {
  const headings = readDocument(document)
    .replaceAll(/^ *```[^]*?^ *```/gm, '')
    .matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the links of the documents', () => {
  it.each(DOCUMENTS)(
    'lead to files and headings that exist: %s',
    (document) => {
      const broken = linksIn(document).filter(
        ({ path, anchor }) =>
          !existsSync(at(path)) ||
          (anchor !== '' && !anchorsOf(path).includes(anchor)),
      );
      expect(broken).toEqual([]);
    },
  );

  it('lead from the manual to files that are in the package', () => {
    const packed = new Set(packedFiles());
    const linked = [...MANUAL, 'SECURITY.md'].flatMap(linksIn);
    const missing = linked.filter(({ path }) => !packed.has(path));
    expect(linked.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  it('lead from README.md to every page of the manual', () => {
    const linked = new Set(linksIn('README.md').map(({ path }) => path));
    const pages = MANUAL.filter((page) => page !== 'README.md');
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });
});

/** What `npm publish` would upload, as far as it is built. */
function packedFiles(): readonly string[] {
  const output = execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts'],
    { cwd: fileURLToPath(at('.')), encoding: 'utf8' },
  );
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(output);
  return files.map(({ path }) => path);
}

it('README.md has no more than 250 lines', () => {
  expect(readDocument('README.md').split('\n').length).toBeLessThanOrEqual(250);
});

/** The names in the first column of the table below a heading. */
function optionsBelow(heading: string): readonly string[] {
  const [, section = ''] = readDocument('docs/options.md').split(
    new RegExp(`^#+ ${heading}$`, 'm'),
  );
  const [table = ''] = section.split(/^#/m);
  return Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, name = '']) => name);
}

describe('docs/options.md', () => {
  const factory = optionsBelow('From the factory');
  const beside = optionsBelow('Beside the factory');

  it('has every option of PlutuModule', () => {
    const known = /options are: (.*)\./;
    const [, names = ''] =
      known.exec(messageOf(() => checkModuleOptions({ nonsense: 1 }))) ?? [];
    expect([...factory, ...beside].toSorted()).toEqual(
      names.split(', ').toSorted(),
    );
  });

  it.each(factory)('is right that a factory can make "%s"', (option) => {
    expect(() => checkFactoryOptions({ [option]: 1 })).not.toThrow();
    expect(() => checkAsyncOptions({ [option]: 1 })).toThrow(option);
  });

  it.each(beside)('is right that "%s" stands beside the factory', (option) => {
    expect(() => checkAsyncOptions({ [option]: 1 })).not.toThrow();
    expect(() => checkFactoryOptions({ [option]: 1 })).toThrow(option);
  });

  it('has every option of a hosted gateway', () => {
    // One that MPGS alone has, beside those of every gateway.
    const known = [...HOSTED_GATEWAY_OPTIONS, 'currencies'].toSorted();
    expect(optionsBelow('mpgs, localBankCards, tlync').toSorted()).toEqual(
      known,
    );
  });

  it('has every option of a gateway with one-time passwords', () => {
    expect(optionsBelow('sadad, adfali').toSorted()).toEqual(
      OTP_GATEWAY_OPTIONS.toSorted(),
    );
  });
});

function messageOf(fail: () => void): string {
  try {
    fail();
  } catch (error) {
    return String(error);
  }
  return '';
}

/** The titles of the tests and of their groups in a file, as they stand there. */
function titlesIn(path: string): ReadonlySet<string> {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  const source = readFileSync(at(path), 'utf8');
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true));
  return titles;
}

/** `it`, and also `it.each([…])` and `describe.skipIf(…)`. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return ['describe', 'it'].includes(callee.text);
  return (
    (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) &&
    isTest(callee.expression)
  );
}

/** The rows of tables that name a test, in all documents. */
const PROMISES = DOCUMENTS.flatMap((document) =>
  [...readDocument(document).matchAll(/^\|.*`test\/[^|]*: ".*$/gm)].flat(),
);

it('every promise in a document has the test that it names', () => {
  expect(PROMISES.length).toBeGreaterThan(30);
  const broken = PROMISES.filter((row) => {
    const [, file = '', title = ''] =
      /\| `(test\/[^`]*)`[^"]*: "(.*)"\s*\|$/.exec(row) ?? [];
    return !existsSync(at(file)) || !titlesIn(file).has(title);
  });
  expect(broken).toEqual([]);
});
