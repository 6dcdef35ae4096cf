/** Policies that a server without the labels of namespaces can never evaluate: it does not start with them. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../../src/cli/serve/serve.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { compose } from '../../../src/wiring.ts';
import { requireDecidable } from '../../../src/files/policies.ts';
import { kindTable } from '../../../src/pod/kinds.ts';

const kinds = kindTable();
const TERMINAL: Terminal = {
  isTerminal: false,
  colors: false,
  out: () => undefined,
  note: () => undefined,
  async *input() {},
};
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-serve-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(spec: string): string {
  const file = path.join(folder, 'p.yaml');
  writeFileSync(
    file,
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ours}\nspec:\n${spec}\n`,
  );
  return file;
}

async function problemsOf(spec: string): Promise<readonly string[]> {
  const { loaded } = await compose({ kinds, policies: [write(spec)] });
  try {
    requireDecidable(loaded);
    return [];
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '').split('\n');
  }
}

const LABELS = 'namespaceSelector: {matchLabels: {env: prod}}';
const PLACE =
  'policy "ours": without a cluster, serve does not know the labels of namespaces, so it cannot determine where the policy applies';
const BY_NAME = 'use --cluster on, or select by "namespaces" or by the label kubernetes.io/metadata.name';
const RULE =
  'policy "ours": without a cluster, serve does not know the labels of namespaces, which rule cel requires; use --cluster on, use only the namespace name, or set onUnknown: deny';

describe('a policy that needs labels of namespaces', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'selects by a label',
      `  match: {${LABELS}}\n  rules: [{rule: image-digest}]`,
      [`p.yaml:5:30: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`],
    ],
    [
      'excludes by a label',
      `  exclude: {${LABELS}}\n  rules: [{rule: image-digest, action: audit}]`,
      [`p.yaml:5:32: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`],
    ],
    [
      'has one rule that does not deny',
      `  match: {${LABELS}}\n  rules: [{rule: image-digest, onUnknown: deny}, {rule: image-qualified, onUnknown: warn}]`,
      [`p.yaml:5:30: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-qualified`],
    ],
    [
      'selects by a label and by the name',
      '  match: {namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [a]}, {key: env, operator: Exists}]}}\n  rules: [{rule: image-digest}]',
      [`p.yaml:5:30: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`],
    ],
    ['pins', `  match: {${LABELS}}\n  pin: {}`, [`p.yaml:5:30: ${PLACE}; ${BY_NAME}`]],
    [
      'pins beside rules that deny',
      `  match: {${LABELS}}\n  rules: [{rule: image-digest, onUnknown: deny}]\n  pin: {}`,
      [`p.yaml:5:30: ${PLACE}; ${BY_NAME}`],
    ],
    [
      'asks for them in CEL',
      '  rules: [{rule: cel, parameters: {expression: "namespaceObject.metadata.labels.env == \'prod\'"}}]',
      [`p.yaml:5:18: ${RULE}`],
    ],
    [
      'asks for them in a variable',
      '  rules: [{rule: image-digest}, {rule: cel, parameters: {variables: [{name: l, expression: namespaceObject.metadata}], expression: "has(variables.l.labels)"}}]',
      [`p.yaml:5:40: ${RULE}`],
    ],
    [
      'selects and excludes by labels',
      `  match: {${LABELS}}\n  exclude: {${LABELS}}\n  rules: [{rule: image-digest}]`,
      [
        `p.yaml:5:30: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`,
        `p.yaml:6:32: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`,
      ],
    ],
  ])('and %s stops the server', async (_what, spec, problems) => {
    expect(await problemsOf(spec)).toEqual(problems);
  });

  test.each<[string, string]>([
    [
      'selects by the name',
      '  match: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}\n  rules: [{rule: image-digest}]',
    ],
    ['selects everything', '  match: {namespaceSelector: {}}\n  rules: [{rule: image-digest}]'],
    [
      'denies what it cannot tell',
      `  match: {${LABELS}}\n  rules: [{rule: image-digest, onUnknown: deny}, {rule: image-qualified, onUnknown: deny}]`,
    ],
    [
      'asks for the name in CEL',
      '  rules: [{rule: cel, parameters: {expression: "namespaceObject == null || namespaceObject.metadata.name != \'a\'"}}]',
    ],
    [
      'denies what CEL cannot tell',
      '  rules: [{rule: cel, onUnknown: deny, parameters: {expression: "has(namespaceObject.metadata.labels.env)"}}]',
    ],
  ])('and %s does not', async (_what, spec) => {
    expect(await problemsOf(spec)).toEqual([]);
  });
});

test('serve itself ends with the place and the ways out, before it makes a certificate', async () => {
  const policy = [write(`  match: {${LABELS}}\n  rules: [{rule: image-digest}]`)];
  const certsDir = path.join(folder, 'certs');
  const flags = { policy, certsDir, listen: '127.0.0.1:0', operationsPort: '0' };
  await expect(serve(flags, TERMINAL)).rejects.toMatchObject({
    name: 'UserError',
    message: `${policy[0]}:5:30: ${PLACE}; ${BY_NAME}, or set onUnknown: deny for image-digest`,
  });
  expect(readdirSync(folder)).not.toContain('certs');
});

test('the built-in policy and every example start', async () => {
  const examples = 'manifests/policies/examples';
  for (const policies of [[], ...readdirSync(examples).map((file) => [path.join(examples, file)])]) {
    const { loaded } = await compose({ kinds, policies });
    expect(() => requireDecidable(loaded)).not.toThrow();
  }
});
