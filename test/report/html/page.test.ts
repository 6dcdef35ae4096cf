/** The HTML report in a real browser: what readers do with it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromiumMissing, type ReportBrowser, startBrowser } from '../../support/browser.ts';
import { describeWith } from '../../support/real-part.ts';
import { AGREEMENT, manyFindings, replayWithTimes, reportOf } from './sample.ts';

describeWith(chromiumMissing, 'the HTML report in a browser', () => {
  let browser: ReportBrowser;

  beforeAll(async () => {
    browser = await startBrowser();
  }, 60_000);
  afterAll(async () => browser.close(), 60_000);

  const open = async (...given: Parameters<ReportBrowser['open']>): ReturnType<ReportBrowser['open']> =>
    browser.open(...given);

  const SMALL = reportOf(manyFindings(60));
  const LARGE = reportOf(manyFindings(600));
  const HUGE = reportOf(manyFindings(6000));

  const problemButtons = (page: Page) => page.locator('.row button.main');
  const count = (page: Page) => page.locator('#findings .num').innerText();

  test('filters by tile, bar, and search agree, and the address keeps them', { timeout: 90_000 }, async () => {
    const { page, close } = await open(SMALL);
    expect(await count(page)).toBe('60 of 60');
    await page.getByRole('button', { name: /^15 Denied/ }).click();
    expect(await count(page)).toBe('15 of 60');
    await page
      .getByRole('group', { name: 'Rule' })
      .getByRole('button', { name: /^image-tag/ })
      .click();
    expect(await count(page)).toBe('3 of 60');
    expect(
      await page
        .getByRole('button', { name: /Denied/ })
        .first()
        .innerText(),
    ).toMatch(/^3\n/);
    await page
      .getByRole('group', { name: 'Owner' })
      .getByRole('button', { name: /^team-a/ })
      .click({ modifiers: ['Shift'] });
    await page.getByRole('searchbox').fill('registry:registry-0 -"service-3"');
    await expect.poll(() => page.evaluate<string>('location.hash')).toContain('q=');
    const hash = await page.evaluate<string>('location.hash');
    expect(hash).toBe('#show=deny&q=registry%3Aregistry-0+-%22service-3%22&rule=image-tag&-owner=team-a');
    const shown = await count(page);
    const again = await open(SMALL, { hash });
    expect(await count(again.page)).toBe(shown);
    expect(await again.page.getByRole('searchbox').inputValue()).toBe('registry:registry-0 -"service-3"');
    await again.page.getByRole('button', { name: 'Clear all' }).click();
    expect(await count(again.page)).toBe('15 of 60');
    await page.goBack();
    expect(await page.evaluate<string>('location.hash')).toBe('#show=deny&rule=image-tag');
    expect(await count(page)).toBe('3 of 60');
    await Promise.all([close(), again.close()]);
  });

  test.each([
    [
      'unknown keys and values',
      '#show=nothing&sort=x&group=y&day=2020-01-01&open=zz&color=red&__proto__=1',
      '60 of 60',
    ],
    ['a text that is not encoded', '#q=%E0%A4%A&%%%', '0 of 60'],
    ['a link to a finding of another tile', '#open=f2', '60 of 60'],
  ])('an address with %s is read as far as it is known', async (_name, hash, shown) => {
    const { page, messages, close } = await open(SMALL, { hash });
    expect(await count(page)).toBe(shown);
    expect(messages).toEqual([]);
    await close();
  });

  test('a link opens a finding far down, and scrolls to it', async () => {
    const { page, close } = await open(HUGE, { hash: '#open=f5980&group=none' });
    await page.waitForSelector('.detail');
    const box = await page.locator('.row.open').boundingBox();
    expect(box?.y).toBeGreaterThan(0);
    expect(box?.y).toBeLessThan(300);
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await close();
  });

  test(
    'of many findings, those near the screen are in the page, and all are reached',
    { timeout: 60_000 },
    async () => {
      expect(/id="data">(.)/.exec(HUGE)?.[1], 'the data is compressed').not.toBe('{');
      const { page, close } = await open(HUGE, { hash: '#group=none' });
      const texts = (): Promise<readonly string[]> => page.locator('.row .c-where .l1').allInnerTexts();
      const positions = (): Promise<readonly (string | null)[]> =>
        page.locator('.row').evaluateAll((all) => all.map((row) => row.getAttribute('aria-rowindex')));
      await expect.poll(texts).toContain('service-0.yaml:10');
      expect(await page.locator('.row').count()).toBeLessThan(60);
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight / 2)');
      await expect
        .poll(async () => (await texts()).some((text) => /^service-(?:98|99|100|101)\d\.yaml/.test(text)))
        .toBe(true);
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await expect.poll(texts).toContain('service-1999.yaml:16');
      expect([await page.locator('[role=table]').getAttribute('aria-rowcount'), (await positions()).at(-1)]).toEqual([
        '6001',
        '6001',
      ]);
      // Rows are cards on a phone, and have another height.
      await page.setViewportSize({ width: 390, height: 800 });
      // The page becomes longer when the rows have been measured.
      const textsAtEnd = async (): Promise<readonly string[]> => {
        await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
        return texts();
      };
      await expect.poll(textsAtEnd).toContain('service-1999.yaml:16');
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.getByLabel('Group the findings').selectOption('rule');
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
      await expect.poll(async () => (await positions()).at(-1)).toBe('6006');
      await page.goBack();
      await expect.poll(() => page.locator('[role=table]').getAttribute('aria-rowcount')).toBe('6001');
      await close();
    },
  );

  test('opens findings above and below the screen, and the clicked row stays where it is', async () => {
    const { page, close } = await open(LARGE, { hash: '#group=none&open=f2' });
    await page.waitForSelector('.detail');
    const row = page.locator('.row').nth(5);
    await row.scrollIntoViewIfNeeded();
    const before = await row.boundingBox();
    await row.click();
    await expect.poll(() => page.evaluate<string>('location.hash')).toContain('open=f5');
    await expect.poll(async () => Math.abs(Math.round(((await row.boundingBox())?.y ?? 0) - (before?.y ?? 0)))).toBe(0);
    expect(await page.locator('.detail').count()).toBe(1);
    await close();
  });

  test('the keyboard alone finds, opens, filters, and closes', { timeout: 90_000 }, async () => {
    const { page, close } = await open(LARGE, { hash: '#group=none' });
    const focused = async (name: string): Promise<void> => {
      const code = 'document.activeElement.dataset.finding ?? document.activeElement.id';
      await expect.poll(() => page.evaluate<string>(code)).toBe(name);
    };
    const shown = async (selector: string, number: number): Promise<void> => {
      await expect.poll(() => page.locator(selector).filter({ visible: true }).count()).toBe(number);
    };
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.keyboard.press('Enter');
    await focused('table');
    await page.keyboard.press('j');
    await focused('0');
    for (let press = 0; press < 40; press += 1) await page.keyboard.press('j');
    await focused('40');
    await page.keyboard.press('k');
    await focused('39');
    await page.keyboard.press('Enter');
    await shown('.row.open button.main[aria-expanded=true]', 1);
    expect(await page.evaluate<string>('location.hash')).toContain('open=f39');
    await page.keyboard.press('Escape');
    await shown('.detail', 0);
    await focused('39');
    await page.keyboard.press('o');
    await shown('.detail', 1);
    await page.keyboard.press('/');
    await focused('search');
    await page.keyboard.type('service-17.yaml');
    await expect.poll(() => count(page)).toBe('3 of 600');
    await page.keyboard.press('Escape');
    await expect.poll(() => count(page)).toBe('600 of 600');
    // The field is empty, and gives the keys back.
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await shown('dialog', 1);
    await page.getByRole('checkbox').uncheck();
    await page.keyboard.press('Escape');
    await shown('dialog', 0);
    await page.keyboard.press('t');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBeUndefined();
    await close();
  });

  test('when the focused row leaves the page, the table has the focus', async () => {
    const { page, close } = await open(LARGE, { hash: '#group=none' });
    await problemButtons(page).first().focus();
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('table');
    await close();
  });

  test('several runs are tabs, which the address keeps; one run has none', async () => {
    const one = { ...replayWithTimes(), title: 'Changes' };
    const other = { ...manyFindings(9), id: 'denials', title: 'All denials', verdict: [['Nine.']] as const };
    const { page, close } = await open(reportOf(one, other), { hash: '#show=all' });
    const tabs = page.getByRole('navigation', { name: 'Results' }).getByRole('button');
    expect(await tabs.allInnerTexts()).toEqual(['Changes', 'All denials']);
    await tabs.nth(1).click();
    await expect.poll(() => page.locator('h1').innerText()).toBe('Nine.');
    expect(await tabs.nth(1).getAttribute('aria-current')).toBe('page');
    expect(await count(page)).toBe('9 of 9');
    await page.locator('.row button.main').nth(1).click();
    await expect.poll(() => page.evaluate<string>('location.hash')).toBe('#run=denials&show=all&open=f1');
    await page.goBack();
    await expect.poll(() => count(page)).toBe('12 of 12');
    await page.evaluate("location.hash = '#run=denials&open=f4'");
    await page.waitForSelector('.detail');
    expect(await page.locator('h1').innerText()).toBe('Nine.');
    await page.evaluate("location.hash = '#run=nothing'");
    await expect.poll(() => count(page)).toBe('6 of 12');
    await close();
    const single = await open(SMALL);
    expect(await single.page.getByRole('navigation').count()).toBe(0);
    expect(await single.page.locator('.kind').innerText()).toBe('Check');
    await single.close();
  });

  test('links the place of a finding to the code host, and opens no finding by that', async () => {
    const { page, close } = await open(SMALL);
    const link = page.locator('.row .c-where a').first();
    const url = 'https://github.com/example/deploy/blob/4f1c2ab/deploy/service-0.yaml#L10';
    expect(await link.getAttribute('href')).toBe(url);
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    await page.evaluate("addEventListener('click', (event) => event.preventDefault())");
    await link.click();
    expect(await page.locator('.detail').count()).toBe(0);
    await close();
  });

  test('an open finding says all, and copies its link', async () => {
    const { page, close } = await open(SMALL, { hash: '#open=f3', permissions: ['clipboard-read', 'clipboard-write'] });
    const detail = page.locator('.detail');
    expect(await detail.locator('.say').innerText()).toBe(
      'container c0: image registry-3.example.com/shop/service-3:1.3 has a problem',
    );
    expect(await detail.locator('mark').innerText()).toBe('registry-3.example.com/shop/service-3:1.3');
    expect(await detail.locator('.fix').innerText()).toBe('pin it');
    expect(await detail.locator('.why').innerText()).toBe('Why container-ports');
    expect(await detail.locator('svg.tree text').allTextContents()).toEqual(
      expect.arrayContaining(['regcred', 'shop/service-3']),
    );
    await detail.getByRole('button', { name: 'Copy link' }).click();
    await page.waitForSelector('#toast:not([hidden])');
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/\.html#show=all&open=f3$/);
    await close();
  });

  test('a replay opens with what would be denied, and a day filters', async () => {
    const { page, close } = await open(reportOf(replayWithTimes()));
    expect(await count(page)).toBe('6 of 12');
    const tiles = await page.locator('.tiles button').allInnerTexts();
    expect(tiles.map((text) => text.split('\n').slice(0, 2).join(' ')).slice(0, 3)).toEqual([
      '12 Newly denied',
      '6 Newly allowed',
      '6 Other changes',
    ]);
    const days = page.getByRole('group', { name: 'Filter by day' }).getByRole('button');
    expect(await days.count()).toBe(7);
    await days.nth(1).click();
    expect(await page.evaluate<string>('location.hash')).toBe('#day=2026-11-23');
    expect(await count(page)).toBe('2 of 12');
    const denied = await page.locator('.tiles button').first().innerText();
    const [rowTimes, dayText] = await Promise.all([
      page.locator('.row .c-times').allInnerTexts(),
      days.nth(1).innerText(),
    ]);
    const sum = rowTimes.reduce((total, text) => total + Number.parseInt(text, 10), 0);
    expect(denied.split('\n')[0]).toBe(String(sum));
    expect(dayText).toContain(`${sum} denied`);
    await close();
  });

  test('the first page of A4 has everything from the verdict to the bars', async () => {
    const { page, close } = await open(reportOf(replayWithTimes()));
    const millimeters = (length: number): number => Math.floor((length * 96) / 25.4);
    await page.setViewportSize({ width: millimeters(210 - 28), height: millimeters(297 - 28) });
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    const bars = await page.locator('.who').boundingBox();
    expect((bars?.y ?? Infinity) + (bars?.height ?? 0)).toBeLessThan(millimeters(297 - 28));
    expect(await page.locator('.diff pre').isVisible()).toBe(true);
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    expect(wide).toBeLessThanOrEqual(0);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBe(2);
    await close();
  });

  test(
    'on paper, all rows up to 500 are printed, with their remedies, and the rest is told',
    { timeout: 90_000 },
    async () => {
      const { page, close } = await open(LARGE, { hash: '#group=none' });
      await page.emulateMedia({ media: 'print' });
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      expect(await page.locator('.row').count()).toBe(500);
      expect(await page.locator('.print-fix').first().isVisible()).toBe(true);
      expect(await page.locator('.note').innerText()).toContain('The first 500 of 600 rows are printed.');
      expect(await page.getByRole('searchbox').isVisible()).toBe(false);
      await page.evaluate("dispatchEvent(new Event('afterprint'))");
      expect(await page.locator('.row').count()).toBeLessThan(60);
      await close();
    },
  );

  test('lists the pairs of a comparison with other policies, all of them on demand and on paper', async () => {
    const { page, close } = await open(reportOf({ ...replayWithTimes(), agreement: AGREEMENT }));
    const agreement = page.getByRole('region', { name: 'Compared with other policies' });
    const rows = agreement.locator('tbody tr');
    expect(await rows.count()).toBe(8);
    expect(await rows.first().innerText()).toMatch(/^allowed\s+baseline\/image-tag\s+12$/);
    expect(await page.getByRole('button', { name: /^12 Only these deny/ }).count()).toBe(1);
    await agreement.getByRole('button', { name: '4 more' }).click();
    expect(await rows.count()).toBe(12);
    await agreement.getByRole('button', { name: 'show fewer' }).click();
    await page.emulateMedia({ media: 'print' });
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await expect.poll(() => rows.count()).toBe(12);
    await close();
  });
});
