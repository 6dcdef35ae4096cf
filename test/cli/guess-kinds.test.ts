/** `check --guess-kinds`: kinds that are not in the table are evaluated where they seem to have images. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-guess-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILE = path.join(folder, 'objects.yaml');
const object = (name: string, spec: string, apiVersion = 'apps.example.com/v1', kind = 'Widget'): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

async function reportOf(text: string, ...flags: readonly string[]): Promise<CheckReport> {
  writeFileSync(FILE, text);
  return JSON.parse((await runCommand(['check', FILE, '-o', 'json', ...flags])).out) as CheckReport;
}

const TWO = `${object('a', '{image: "nginx:latest"}')}---\n${object('b', '{template: {spec: {containers: [{name: web, image: "redis:7"}, {name: x}]}}, image: {deep: 1}}')}`;

test('without the flag, the kind has a notice and no findings', async () => {
  const report = await reportOf(TWO);
  expect(report.images).toEqual([]);
  expect(report.notices.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('not evaluated: kind "Widget"'),
  );
});

test('with the flag, its images have findings, and the notice has the entry', async () => {
  const report = await reportOf(TWO, '--guess-kinds');
  expect(report.errors).toEqual([]);
  expect(report.images.map(({ image, line }) => `${line} ${image}`)).toEqual(['4 nginx:latest', '9 redis:7']);
  expect(report.findings.map(({ rule, action }) => `${rule} ${action}`)).toContain('image-tag deny');
  expect(report.notices.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^2 objects of kind "Widget" in the API group "apps\.example\.com" are evaluated at guessed locations; add \{group: apps\.example\.com, kind: Widget, images: \[\/spec\/image, \/spec\/template\/spec\/containers\/\*\/image\]\} to "kinds"/,
    ),
    expect.stringContaining('/spec/image: expected a string, found an object'),
  ]);
});

test.each([
  ['a group of Kubernetes', object('a', '{image: "nginx:latest"}', 'apps/v1', 'Widget')],
  ['objects about images of others', object('a', '{image: "nginx:latest"}', 'kyverno.io/v1', 'Widget')],
  [
    'an image in the status',
    'apiVersion: apps.example.com/v1\nkind: Widget\nmetadata: {name: a}\nstatus: {image: "a:latest"}\n',
  ],
])('%s is not guessed', async (_name, text) => {
  expect((await reportOf(text, '--guess-kinds')).images).toEqual([]);
});
