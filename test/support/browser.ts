/** Debian's Chromium, which shows HTML reports. It records every request, and everything that the content security policy blocks. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

const program = PROGRAMS.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim()).find(
  (found) => found !== '',
);

/** Why no browser can be run, and how to get one; undefined: one can. */
export const chromiumMissing =
  program === undefined ? 'needs Chromium on the PATH (apt-get install chromium)' : undefined;

export interface OpenReport {
  readonly page: Page;
  /** The URLs that the page requested, without its own. */
  readonly requests: readonly string[];
  /** Messages of the console, uncaught errors, and dialogs. A blocked script or style is one. */
  readonly messages: readonly string[];
  readonly close: () => Promise<void>;
}

export interface ReportBrowser {
  /** `hash` with its `#`. */
  readonly open: (html: string, options?: BrowserContextOptions & { readonly hash?: string }) => Promise<OpenReport>;
  /** Writes a file, and returns its URL. */
  readonly write: (html: string) => string;
  readonly close: () => Promise<void>;
}

export async function startBrowser(): Promise<ReportBrowser> {
  const browser = await chromium.launch({ executablePath: program ?? '', args: ['--no-sandbox'] });
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-report-'));
  const pool = createPool(browser);
  let files = 0;
  const write = (html: string): string => {
    files += 1;
    const file = path.join(folder, `report-${files}.html`);
    writeFileSync(file, html);
    return pathToFileURL(file).href;
  };
  return {
    write,
    async open(html, { hash = '', ...options } = {}) {
      const page = await pool.take(options);
      return openIn(page, `${write(html)}${hash}`, () => pool.give(page, options));
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const VIEWPORT = { width: 1280, height: 900 } as const;

interface Pool {
  readonly take: (options: BrowserContextOptions) => Promise<Page>;
  readonly give: (page: Page, options: BrowserContextOptions) => Promise<void>;
}

/** A page without options of its own is used again, because a new one takes longer than a report. */
function createPool(browser: Browser): Pool {
  const idle: Page[] = [];
  const isUsual = (options: BrowserContextOptions): boolean => Object.keys(options).length === 0;
  return {
    async take(options) {
      const known = isUsual(options) ? idle.pop() : undefined;
      if (known !== undefined) return known;
      const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: 'reduce', ...options });
      context.setDefaultTimeout(30_000);
      return context.newPage();
    },
    async give(page, options) {
      if (!isUsual(options)) return page.context().close();
      // What the page has stored, such as the theme.
      await page.evaluate('localStorage.clear()');
      await page.goto('about:blank');
      await page.emulateMedia({ media: null, colorScheme: null, forcedColors: null, reducedMotion: 'reduce' });
      await page.setViewportSize(VIEWPORT);
      idle.push(page);
    },
  };
}

async function openIn(page: Page, url: string, giveBack: () => Promise<void>): Promise<OpenReport> {
  const requests: string[] = [];
  const messages: string[] = [];
  page.on('request', (request) => {
    if (request.url() !== url.replace(/#.*/s, '')) requests.push(request.url());
  });
  page.on('console', (message) => messages.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => messages.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    messages.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  const close = async (): Promise<void> => {
    page.removeAllListeners();
    await giveBack();
  };
  return { page, requests, messages, close };
}
