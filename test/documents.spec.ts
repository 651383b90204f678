import { existsSync, readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), 'utf8');

it.each(['CONTRIBUTING.md', 'SECURITY.md'])(
  '%s names files that exist',
  (document) => {
    const named = [
      ...read(document).matchAll(/`((?:src|test|examples|\.ci)\/[\w./-]*)`/g),
    ].map(([, path = '']) => path);
    expect(named).not.toHaveLength(0);
    expect(named.filter((path) => !existsSync(at(path)))).toEqual([]);
  },
);

it('CONTRIBUTING.md has a line for every folder of the source', () => {
  const contributing = read('CONTRIBUTING.md');
  const folders = readdirSync(at('src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `| \`src/${name}/\``);
  expect(folders.filter((line) => !contributing.includes(line))).toEqual([]);
});

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
  visit(ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true));
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

it('every promise in SECURITY.md has the test that it names', () => {
  const rows = [...read('SECURITY.md').matchAll(/^\|.*`test\/.*$/gm)].flat();
  expect(rows.length).toBeGreaterThan(30);
  const broken = rows.filter((row) => {
    const [, file = '', title = ''] =
      /\| `(test\/[^`]*)`[^"]*: "(.*)"\s*\|$/.exec(row) ?? [];
    return !existsSync(at(file)) || !titlesIn(file).has(title);
  });
  expect(broken).toEqual([]);
});
