import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

it('every promise in SECURITY.md has the test that it names', () => {
  const promises = [
    ...read('SECURITY.md').matchAll(/^\|.*?\|\s*(`test\/.*)"(.*)"\s*\|$/gm),
  ];
  expect(promises.length).toBeGreaterThan(20);
  const broken = promises.filter(([, files = '', title = '']) =>
    [...files.matchAll(/`(test\/[^`]*)`/g)].some(
      ([, file = '']) => !read(file).includes(title),
    ),
  );
  expect(broken.map(([line]) => line)).toEqual([]);
});
