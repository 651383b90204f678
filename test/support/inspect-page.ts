import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** A small phone, and a laptop, in CSS pixels. */
const WIDTHS = [360, 1280];

/**
 * Looks at a page as a phone and a laptop show it: nothing scrolls sideways, and
 * axe-core finds nothing serious. With the environment variable SCREENSHOTS, a
 * folder, it leaves a picture of each there.
 */
export async function expectGoodPage(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    const folder = process.env['SCREENSHOTS'];
    if (folder) {
      const path = `${folder}/${name}-${width}.png`;
      await page.screenshot({ path, fullPage: true });
    }
    const contentWidth = await page.evaluate(
      'document.documentElement.scrollWidth',
    );
    expect(contentWidth, `${name} scrolls sideways`).toBeLessThanOrEqual(width);
    expect(await violationsOf(page), name).toEqual([]);
  }
}

/** The rules of axe-core that the page breaks seriously, and where. */
async function violationsOf(page: Page): Promise<string[]> {
  // Not as a script of the page: its policy would refuse it, as it should.
  // Once for each page that is loaded: it is half a megabyte.
  if (!(await page.evaluate(`'axe' in window`))) {
    await page.evaluate(axe.source);
  }
  const { violations } = (await page.evaluate(
    `axe.run({ resultTypes: ['violations'] })`,
  )) as axe.AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('; ')}`,
    );
}
