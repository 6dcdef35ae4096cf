/** The commands `check` and `pin --check` on our own manifests and our own Dockerfile. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { ROOT } from './documents.ts';

const DIGEST = `sha256:${'5d'.repeat(32)}`;

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'tidewaiter-manifests-'));
  cpSync(path.join(ROOT, 'manifests'), copy, { recursive: true });
  // Its templates are not YAML; test/chart has their tests.
  rmSync(path.join(copy, 'chart'), { recursive: true });
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

/** Pins like `pin --write` once a release is in its registry; its digest is unknown before. */
function pinImages(): void {
  for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.yaml'),
  )) {
    const text = readFileSync(path.join(copy, file), 'utf8');
    writeFileSync(path.join(copy, file), text.replaceAll(/^( *(?:- )?image: \S+)$/gm, `$1@${DIGEST}`));
  }
}

describe('check of manifests/', () => {
  test('finds nothing in examples but tags without a digest', async () => {
    const { code, out } = await runCommand(['check', copy, '-o', 'json']);
    const { findings, errors } = JSON.parse(out) as CheckReport;
    const found = new Set(findings.map(({ rule, action }) => `${rule} ${action}`));
    expect([...found].sort()).toEqual(['image-digest warn', 'image-pull-policy audit']);
    expect(errors).toEqual([]);
    expect(code).toBe(0);
  });

  test('finds nothing in what is deployed: policies do not cover the namespace of the webhook', async () => {
    const deployed = ['policies', 'install'].map((name) => path.join(copy, name));
    const { code, out } = await runCommand(['check', ...deployed, '-o', 'json', '--fail-on', 'warn']);
    const { findings, errors, summary } = JSON.parse(out) as CheckReport;
    expect([findings, errors, summary.workloads]).toEqual([[], [], 1]);
    expect(code).toBe(0);
  });

  test('finds nothing once the images are pinned', async () => {
    pinImages();
    const { code, out } = await runCommand(['check', copy, '-o', 'json', '--fail-on', 'warn', '--fail-on', 'unknown']);
    const { findings, errors } = JSON.parse(out) as CheckReport;
    expect([findings, errors]).toEqual([[], []]);
    expect(code).toBe(0);
  });
});

test('pin --check accepts the Dockerfile: its base is pinned by digest, and no frontend is loaded by tag', async () => {
  const { code, out, note } = await runCommand(['pin', '--check', path.join(ROOT, 'Dockerfile')]);
  expect({ code, out, note }).toEqual({ code: 0, out: '', note: '1 file, 1 image: 1 already pinned\n' });
  expect(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8')).not.toMatch(/^# *syntax/m);
});
