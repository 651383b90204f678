import { chromium, type Browser } from 'playwright-core';
import { onPath } from './tools.js';

/** A browser of the machine's own: CHROMIUM_PATH, or one on the PATH. */
export const chromiumPath =
  process.env['CHROMIUM_PATH'] ??
  onPath('chromium', 'chromium-browser', 'google-chrome');

export const HOW_TO_GET_CHROMIUM =
  'set CHROMIUM_PATH, or put chromium on the PATH (Debian: apt-get install chromium)';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--disable-background-networking'],
  });
}
