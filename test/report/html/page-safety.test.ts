/** The HTML report in a real browser: accessible to everyone, and safe with any text. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumMissing, type ReportBrowser, startBrowser } from '../../support/browser.ts';
import { describeWith } from '../../support/real-part.ts';
import { AGREEMENT, FINDING, manyFindings, replayWithTimes, reportFrom, reportOf, REVIEW, RUN } from './sample.ts';
import type { Run } from '../../../src/report/html/report-data.ts';

describeWith(chromiumMissing, 'the HTML report', () => {
  let browser: ReportBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => browser.close(), 60_000);

  interface AxeViolation {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }

  async function violations(page: Page): Promise<readonly string[]> {
    const found = await page.evaluate<readonly AxeViolation[]>(
      "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)",
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  /** axe looks at each element, so few findings are enough. */
  const REPORTS: readonly (readonly [name: string, html: () => string, states: readonly string[]])[] = [
    [
      'a check',
      () => reportOf({ ...manyFindings(6), errors: [{ place: 'a.yaml:1:1', message: 'no YAML' }] }),
      ['', '#open=f4', '#group=none&rule=image-tag&-owner=team-b', '#q=nothing-has-this'],
    ],
    ['a check without findings', () => reportOf({ findings: [], reviews: [] }), ['']],
    ['a check with more findings than rows in the page', () => reportOf(manyFindings(120)), ['#group=rule']],
    [
      'a replay',
      () => reportOf(replayWithTimes(), { ...manyFindings(3), id: 'other', title: 'Other' }),
      ['', '#open=r1&day=2026-11-23', '#run=other'],
    ],
    [
      'a comparison with other policies',
      () => reportOf({ ...replayWithTimes(), agreement: AGREEMENT }),
      ['', '#open=r1'],
    ],
  ];

  test.each(REPORTS)(
    '%s has no accessibility violation in light and dark, no request, and no sideways scroll at any width',
    { timeout: 120_000 },
    async (_, html, states) => {
      const { page, requests, messages, close } = await browser.open(html(), { hash: states[0] ?? '' });
      // Evaluated outside of the content security policy, as an extension would.
      await page.evaluate(axe.source);
      const found: Record<string, readonly string[]> = {};
      for (const state of states) {
        await page.evaluate(`location.hash = ${JSON.stringify(state)}`);
        for (const width of [320, 390, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          if (sideways > 0) found[`${state} at ${width}: ${sideways} px too wide`] = [];
          if (width === 320) continue;
          // Colors do not depend on the width.
          const colorScheme = width === 390 ? 'dark' : 'light';
          await page.emulateMedia({ colorScheme });
          found[`${state} at ${width}, ${colorScheme}`] = await violations(page);
        }
      }
      expect(Object.entries(found).filter(([name, each]) => each.length > 0 || name.includes('wide'))).toEqual([]);
      expect({ requests, messages }).toEqual({ requests: [], messages: [] });
      await close();
    },
  );

  test('shows what is marked and selected without its colors, and does not move', async () => {
    const { page, close } = await browser.open(reportOf(replayWithTimes()), {
      hash: '#open=r1&owner=team-payments&show=newly-denied',
      forcedColors: 'active',
      colorScheme: 'dark',
      reducedMotion: 'no-preference',
    });
    const styleOf = (selector: string): Promise<Record<string, string>> =>
      page.evaluate<Record<string, string>>(`{
        const style = getComputedStyle(document.querySelector(${JSON.stringify(selector)}));
        const { color, backgroundColor, outlineStyle, textDecorationLine } = style;
        ({ color, backgroundColor, outlineStyle, textDecorationLine });
      }`);
    const mark = await styleOf('.ex mark');
    expect(mark['color']).not.toBe(mark['backgroundColor']);
    expect(mark['textDecorationLine']).toBe('underline');
    expect((await styleOf('.facet[aria-pressed=true]'))['outlineStyle']).toBe('solid');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = await page.evaluate<number>(
      "[...document.querySelectorAll('*')].filter((each) => /[1-9]/.test(getComputedStyle(each).transitionDuration)).length",
    );
    expect(moving).toBe(0);
    await close();
  });

  const HOSTILE = [
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    '<!--<script>',
    '\u202Eevil\u202C',
    'a\u0000b\u001B[2J\u2028\uD800',
    '${alert(1)} $& $1 {{alert(1)}}',
    'javascript:alert(1)',
    '',
    'x'.repeat(300),
    '__proto__',
  ];

  const HOSTILE_ORIGIN = {
    command: `tidewaiter check '${HOSTILE.join(' ')}'`,
    policyPlaces: Object.fromEntries(HOSTILE.map((text) => [`${text}/${text}`, text])),
    linkBase: 'javascript:alert(1)//',
  };

  test('shows hostile texts in every field as text', { timeout: 60_000 }, async () => {
    const html = reportFrom(HOSTILE_ORIGIN, ...HOSTILE.map(hostileRun));
    const { page, requests, messages, close } = await browser.open(html);
    const own = await page.locator('script, style').count();
    for (const [index, text] of HOSTILE.entries()) {
      const query = new URLSearchParams({ run: `h${index}`, open: 'f0', q: text.isWellFormed() ? text : '' });
      await page.evaluate(`location.hash = ${JSON.stringify(query.toString())}`);
      const visible = page.locator('h1');
      await expect.poll(() => visible.innerText()).toContain(`run ${index}:`);
      // The text of the search finds it in the page.
      await page.waitForSelector('.detail');
      expect(await page.locator('script, style, img, iframe, object, embed, a:not(.skip)').count()).toBe(own);
      expect(await page.locator('[onerror], [onload], svg svg').count()).toBe(0);
      const shown = await visible.innerText();
      if (/^[ -~]+$/.test(text)) expect(shown).toContain(text);
      expect(shown).not.toMatch(/[\u202A-\u202E\u0000\u2028]/);
      if (text.includes('\u202E')) expect(shown).toContain('U+202E');
    }
    expect({ requests, messages }).toEqual({ requests: [], messages: [] });
    await close();
  });

  /** The text in every field that is not an enumeration. */
  function hostileRun(text: string, index: number): Run {
    const finding = {
      ...FINDING,
      container: text,
      image: text,
      registry: text,
      pointer: text,
      policy: text,
      rule: text,
      message: `image "${text}" is wrong`,
      remedy: text,
      exception: text,
      file: text,
      excerpt: { lines: [[1, text] as const], marked: 0, from: 0, to: text.length },
    };
    const [pod] = REVIEW.pods;
    const containers = (pod?.containers ?? []).map((each) => ({
      ...each,
      name: text,
      image: text,
      registry: text,
      ports: [text],
      credential: { state: 'found' as const, secret: text, user: text },
    }));
    const remark = { place: text, message: text };
    return {
      ...RUN,
      id: `h${index}`,
      title: text,
      findings: [finding, { ...finding, id: text }],
      reviews: [
        {
          ...REVIEW,
          apiVersion: text,
          kind: text,
          namespace: text,
          name: text,
          owner: text,
          operation: text,
          object: text,
          user: text,
          pods: pod === undefined ? [] : [{ ...pod, node: text, containers }],
        },
      ],
      subject: text,
      policies: text,
      verdict: [[`run ${index}: `], [text], [text, 'code'], [text, 'bad']],
      because: [[text]],
      policyChange: [
        ['file', text],
        ['+', text],
      ],
      helps: [{ rule: text, findings: 1, frees: 1 }],
      agreement: { counts: [[1, text]], pairs: [{ peer: text, rule: text, reviews: 1 }] },
      errors: [remark],
      notices: [remark],
    };
  }

  test('allows nothing but its own script and style', async () => {
    const { page, messages, close } = await browser.open(reportOf({}));
    const policy = await page.locator('meta[http-equiv]').getAttribute('content');
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/,
    );
    const blocked = await page.evaluate(`{
      const names = new Set();
      const all = new Promise((resolve) => addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        names.add(effectiveDirective);
        if (names.size === 3) resolve([...names].sort().concat(String(window.ran)));
      }));
      const script = document.createElement('script');
      script.append('window.ran = true');
      document.body.append(script);
      document.body.setAttribute('style', 'color: red');
      new Image().src = 'https://registry.example.com/x.png';
      all;
    }`);
    expect(blocked).toEqual(['img-src', 'require-trusted-types-for', 'style-src-attr', 'undefined']);
    expect(messages.length).toBeGreaterThan(0);
    await close();
  });

  test('shows the verdict and what is denied where scripts do not run', async () => {
    const { page, close } = await browser.open(reportOf(manyFindings(60)), { javaScriptEnabled: false });
    expect(await page.title()).toBe('Applying deploy/ would be denied for 1 of 1 workload.');
    expect(await page.locator('h1').innerText()).toBe('Applying deploy/ would be denied for 1 of 1 workload.');
    expect(await page.locator('tbody tr').count()).toBe(15);
    await close();
  });
});
