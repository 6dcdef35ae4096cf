/** Documents with former names: they load as before, with a notice at the place of the name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-former-kinds-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(root, 'case-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

const FORMER = 'ImagePolicyList';
const CURRENT = 'ImageNameList';

const document = (kind: string, name: string, spec: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const list = (kind: string, name: string, items: string): string => document(kind, name, `{items: [${items}]}`);
const policy = (...lists: readonly string[]): string =>
  document(
    'ImagePolicy',
    'base',
    `{rules: [{rule: image-registry, parameters: {allow: [${lists.map((name) => `{list: ${name}}`).join(', ')}]}}]}`,
  );
const exception = (name: string): string =>
  document(
    'ImagePolicyException',
    'legacy',
    `{policy: base, rules: [image-registry], match: {images: [{list: ${name}}]}, owner: team-shop, reason: known, expires: 2027-01-31}`,
  );
const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: a, image: a.example/a:1}, {name: b, image: b.example/b:1}]}
`;

const renamed = (line: number): string =>
  `p.yaml:${line}:7 kind ${FORMER} was renamed to ${CURRENT}; use the new name, because the next version rejects ${FORMER}`;

interface Outcome {
  readonly code: number;
  readonly denied: readonly string[];
  readonly excused: readonly string[];
  readonly notices: readonly string[];
}

async function checked(...documents: readonly string[]): Promise<Outcome> {
  const folder = folderWith({ 'p.yaml': documents.join('---\n') });
  const pod = path.join(folderWith({ 'pod.yaml': POD }), 'pod.yaml');
  const { code, out } = await runCommand(['check', pod, '-p', folder, '--now', '2027-01-01', '-o', 'json']);
  const { findings, notices } = JSON.parse(out) as CheckReport;
  const imagesWith = (action: string): readonly string[] =>
    findings.flatMap((finding) => (finding.action === action ? [finding.image ?? ''] : []));
  return {
    code,
    denied: imagesWith('deny'),
    excused: imagesWith('excused'),
    notices: notices.map(({ file, line, column, message }) => `${path.basename(file)}:${line}:${column} ${message}`),
  };
}

const B = 'b.example/b:1';

test('a cause under its former name has a notice at the name', async () => {
  const { notices } = await checked(document('ImagePolicy', 'base', '{pin: {onFailure: {refused: allow}}}'));
  expect(notices).toEqual([
    'p.yaml:4:26 policy "base": cause refused was renamed to blocked; use the new name, because the next version rejects refused',
  ]);
});

describe('a list', () => {
  test.each<[string, readonly string[], Outcome]>([
    [
      'under the current kind',
      [list(CURRENT, 'one', 'a.example/**'), policy('one')],
      { code: 1, denied: [B], excused: [], notices: [] },
    ],
    [
      'under the former kind',
      [list(FORMER, 'one', 'a.example/**'), policy('one')],
      { code: 1, denied: [B], excused: [], notices: [renamed(2)] },
    ],
    [
      'under the former kind, with nothing to deny: the notice does not change the exit code',
      [list(FORMER, 'one', '"**"'), policy('one')],
      { code: 0, denied: [], excused: [], notices: [renamed(2)] },
    ],
    [
      'under each kind, in one file',
      [list(CURRENT, 'one', 'a.example/**'), list(FORMER, 'two', 'b.example/**'), policy('one', 'two')],
      { code: 0, denied: [], excused: [], notices: [renamed(7)] },
    ],
    [
      'under the former kind, twice with different names: one notice each',
      [list(FORMER, 'one', 'a.example/**'), list(FORMER, 'two', 'b.example/**'), policy('one', 'two')],
      { code: 0, denied: [], excused: [], notices: [renamed(2), renamed(7)] },
    ],
    [
      'under the former kind, used by an exception',
      [list(CURRENT, 'one', 'a.example/**'), list(FORMER, 'two', 'b.example/**'), policy('one'), exception('two')],
      { code: 0, denied: [], excused: [B], notices: [renamed(7)] },
    ],
    [
      'under the former kind, not used',
      [list(CURRENT, 'one', 'a.example/**'), list(FORMER, 'two', 'b.example/**'), policy('one')],
      {
        code: 1,
        denied: [B],
        excused: [],
        notices: [renamed(7), 'p.yaml:8:18 list "two" is not used'],
      },
    ],
  ])('%s', async (_what, documents, expected) => {
    expect(await checked(...documents)).toEqual(expected);
  });

  const duplicate = 'p.yaml:8:18: metadata/name: duplicate list "one"; first defined at p.yaml:3:18';
  test.each<[string, readonly string[], string]>([
    ['twice under the current kind', [list(CURRENT, 'one', 'a'), list(CURRENT, 'one', 'b')], duplicate],
    ['under both kinds', [list(FORMER, 'one', 'a'), list(CURRENT, 'one', 'b')], duplicate],
    ['twice under the former kind', [list(FORMER, 'one', 'a'), list(FORMER, 'one', 'b')], duplicate],
    [
      'with a fault, under the former kind',
      [list(FORMER, 'one', '1')],
      'p.yaml:4:16: spec/items/0: expected a string, found a number',
    ],
    [
      'under a kind that never existed',
      [list('ImageList', 'one', 'a')],
      'p.yaml:2:7: unknown kind "ImageList"; did you mean "ImageNameList"? (expected "ImagePolicy", "ImagePolicyException", or "ImageNameList")',
    ],
  ])('%s is an error', async (_what, documents, expected) => {
    const folder = folderWith({
      'p.yaml': [...documents, document('ImagePolicy', 'base', '{rules: [{rule: image-digest}]}')].join('---\n'),
      'pod.yaml': POD,
    });
    const { code, note } = await runCommand([
      'check',
      path.join(folder, 'pod.yaml'),
      '-p',
      path.join(folder, 'p.yaml'),
    ]);
    expect(code).toBe(2);
    expect(note.replaceAll(`${folder}/`, '')).toContain(expected);
  });
});

test('a suite uses a list under the former kind, also from its own directory', async () => {
  const folder = folderWith({
    'p.yaml': [list(FORMER, 'one', 'a.example/**'), policy('one')].join('---\n'),
    'pod.yaml': POD,
    'suite.yaml': document(
      'ImagePolicyTest',
      'suite',
      '{policies: [p.yaml], cases: [{name: b is denied, resources: [pod.yaml], expect: [{container: b, action: deny}]}]}',
    ),
  });
  const { code, out } = await runCommand(['test', folder]);
  expect(code).toBe(0);
  expect(out.replaceAll(`${folder}/`, '')).toBe(`suite.yaml  suite  (policy: p.yaml)
  ✓ b is denied

p.yaml:2:7  notice  ${renamed(2).slice('p.yaml:2:7 '.length)}

1 passed, 0 failed
`);
});
