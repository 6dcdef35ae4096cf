/** The HTML report of 50,000 findings in Chromium: how soon it shows them, and how fluidly it scrolls, filters, and sorts. */
import { manyFindings, reportOf } from '../report/html/sample.ts';
import { chromiumMissing, type ReportBrowser, startBrowser } from '../support/browser.ts';
import { atLeast, atMost, median, type Outcome, spread } from './outcome.ts';

const FINDINGS = 50_000;
const OPENINGS = 5;
const FRAMES = 300;
/** For each frame: 300 rows a second. */
const PIXELS = 300;

export async function measureReport(): Promise<readonly Outcome[]> {
  if (chromiumMissing !== undefined) throw new Error(`--only report ${chromiumMissing}`);
  const html = reportOf(manyFindings(FINDINGS));
  const empty = reportOf({});
  const browser = await startBrowser();
  try {
    const openings: Opening[] = [];
    for (let opening = 0; opening < OPENINGS; opening += 1) openings.push(await openingOf(browser, html));
    const opened = openings.map(({ ms }) => ms);
    const cpu = median(openings.map(({ cpuMs }) => cpuMs));
    const small = await openingOf(browser, empty);
    const { frames, keystroke, sort } = await inUse(browser, html);
    const megabytes = Buffer.byteLength(html) / 1e6;
    return [
      {
        measure: 'report: page without data',
        value: Buffer.byteLength(empty) / 1e3,
        unit: 'KB',
        goal: undefined,
        detail: '',
      },
      { measure: 'report: 50,000 findings', value: megabytes, unit: 'MB', goal: undefined, detail: '' },
      {
        measure: 'report: opens with 50,000 findings',
        value: median(opened),
        unit: 'ms',
        goal: atMost(2000),
        detail: `${spread(opened)} ms, ${cpu.toFixed(0)} ms of CPU; with one finding: ${small.ms.toFixed(0)} ms`,
      },
      { measure: 'report: scrolls', value: frames, unit: 'frames/s', goal: atLeast(50), detail: `${FRAMES} frames` },
      {
        measure: 'report: search for a word',
        value: keystroke,
        unit: 'ms',
        goal: atMost(50),
        detail: 'without the pause for typing',
      },
      { measure: 'report: sort by problem', value: sort, unit: 'ms', goal: undefined, detail: '' },
    ];
  } finally {
    await browser.close();
  }
}

interface Opening {
  readonly ms: number;
  /** Of the main thread, which does not depend on what else the machine does. */
  readonly cpuMs: number;
}

/** Until the rows are drawn. */
async function openingOf(browser: ReportBrowser, html: string): Promise<Opening> {
  const { page, close } = await browser.open('<!doctype html>');
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(browser.write(html));
  await page.waitForSelector('.row');
  const ms = await page.evaluate<number>(
    `new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())))`,
  );
  const { metrics } = await devtools.send('Performance.getMetrics');
  const seconds = metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  await devtools.detach();
  await close();
  return { ms, cpuMs: seconds * 1000 };
}

interface InUse {
  readonly frames: number;
  readonly keystroke: number;
  readonly sort: number;
}

async function inUse(browser: ReportBrowser, html: string): Promise<InUse> {
  const { page, close } = await browser.open(html, { hash: '#group=none' });
  await page.waitForSelector('.row');
  const frames = await page.evaluate<number>(`new Promise((resolve) => {
    let frame = 0;
    let begin = 0;
    const step = (now) => {
      if (frame === 0) begin = now;
      else if (frame === ${FRAMES}) return resolve((1000 * ${FRAMES}) / (now - begin));
      frame += 1;
      scrollBy(0, ${PIXELS});
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`);
  const sort = await page.evaluate<number>(untilDrawn(`document.querySelector('.th .c-what button').click()`));
  // The reader is in the field before the first letter.
  await page.evaluate("scrollTo(0, 0); document.getElementById('search').focus()");
  await page.waitForTimeout(SETTLE_MS);
  const keystroke = await page.evaluate<number>(
    untilDrawn(`{
      const field = document.getElementById('search');
      field.value = 'service-17';
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`),
  );
  await close();
  return { frames, keystroke: keystroke - TYPING_MS, sort };
}

const SETTLE_MS = 500;
/** The page waits this long for the next letter. */
const TYPING_MS = 120;

/** Code that resolves with the milliseconds from the action until the table has changed. */
function untilDrawn(action: string): string {
  return `new Promise((resolve) => {
    const begin = performance.now();
    const observer = new MutationObserver(() => {
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now() - begin));
    });
    observer.observe(document.getElementById('table'), { childList: true, subtree: true, characterData: true });
    ${action}
  })`;
}
