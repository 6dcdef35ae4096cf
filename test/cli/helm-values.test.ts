/** `check` evaluates images in Helm values that are certain, and still says that a chart can have others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-values-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('findings point to the value, and the notice stays', async () => {
  const file = path.join(folder, 'release.yaml');
  writeFileSync(
    file,
    `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  values:
    image:
      repository: ghcr.io/acme/web
      tag: latest # {"$imagepolicy": "shop:web:tag"}
`,
  );
  const { code, out } = await runCommand(['check', file, '-o', 'json']);
  const { findings, images, notices } = JSON.parse(out) as CheckReport;
  expect(code).toBe(1);
  expect(images.map(({ image, line, pointer }) => ({ image, line, pointer }))).toEqual([
    { image: 'ghcr.io/acme/web:latest', line: 8, pointer: '/spec/values/image/tag' },
  ]);
  expect(findings.map(({ rule, line }) => `${rule} ${line}`)).toContain('image-tag 8');
  expect(notices.map(({ message }) => message)).toEqual([
    expect.stringContaining('images of HelmRelease shop/web are not evaluated: /spec/values is input for a Helm chart'),
  ]);
});
