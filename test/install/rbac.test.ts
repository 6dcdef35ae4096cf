/** Roles derive from the facts that policies need. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RULES_BY_NEED } from '../../src/install/access.ts';
import { NEEDS } from '../../src/policy/fact.ts';
import { runCommand } from '../support/command.ts';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
  readonly subjects?: readonly unknown[];
}

let file: string;
beforeEach(() => {
  file = path.join(mkdtempSync(path.join(tmpdir(), 'tidewaiter-rbac-')), 'policy.yaml');
});
afterEach(() => rmSync(path.dirname(file), { recursive: true }));

/** The output of the command, without its first line, which names the policies. */
async function rolesFor(spec: string, ...flags: readonly string[]): Promise<readonly Role[]> {
  const metadata = 'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\n';
  writeFileSync(file, `${metadata}spec: ${spec}\n`);
  const { code, out, note } = await runCommand(['manifests', 'rbac', '-p', file, ...flags]);
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return (loadAll(out) as readonly (Role | null)[]).filter((role) => role !== null);
}

const allowed = (roles: readonly Role[]): readonly string[] =>
  roles.flatMap(({ kind, metadata, rules = [] }) =>
    rules.map(
      ({ resources, verbs }) => `${kind} ${metadata.namespace ?? '*'}: ${verbs.join(',')} ${resources.join(',')}`,
    ),
  );

const SECRETS = ['ClusterRole *: get secrets', 'ClusterRole *: get serviceaccounts'];
const LABELS = ['ClusterRole *: get,list,watch namespaces'];

describe('manifests rbac', () => {
  test.each<readonly [spec: string, rules: readonly string[]]>([
    ['{rules: [{rule: image-qualified}]}', []],
    ['{rules: [{rule: image-digest}]}', []],
    ['{rules: [{rule: image-digest, parameters: {drift: true}}]}', SECRETS],
    ['{rules: [{rule: image-exists}]}', SECRETS],
    ['{rules: [{rule: image-age, parameters: {maxAgeDays: 9}}]}', SECRETS],
    ['{rules: [{rule: pull-secret-named}]}', SECRETS],
    ['{rules: [{rule: pull-secret-coverage}]}', SECRETS],
    ['{pin: {}}', SECRETS],
    ['{match: {namespaces: [shop]}, rules: [{rule: image-qualified}]}', []],
    ['{match: {namespaceSelector: {matchLabels: {team: a}}}, rules: [{rule: image-qualified}]}', LABELS],
    ['{rules: [{rule: cel, parameters: {expression: "namespaceObject.metadata.labels.a == \'b\'"}}]}', LABELS],
    ['{rules: [{rule: cel, parameters: {expression: "image.tag != \'\'"}}]}', []],
    ['{match: {namespaceSelector: {matchLabels: {team: a}}}, pin: {}}', [...LABELS, ...SECRETS]],
  ])('for %s: %j', async (spec, rules) => {
    expect(allowed(await rolesFor(spec))).toEqual(rules);
  });

  test('binds the role to the ServiceAccount in the namespace of the server', async () => {
    const [, binding] = await rolesFor('{pin: {}}', '--namespace', 'gate');
    expect(binding).toMatchObject({
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: 'tidewaiter' },
      subjects: [{ kind: 'ServiceAccount', name: 'tidewaiter', namespace: 'gate' }],
    });
  });

  test('allows Secrets in chosen namespaces only; namespaces have no namespace, so their rule stays in a ClusterRole', async () => {
    const roles = await rolesFor(
      '{match: {namespaceSelector: {matchLabels: {team: a}}}, pin: {}}',
      '--only-namespaces',
      'shop,pay',
    );
    expect(allowed(roles)).toEqual([
      ...LABELS,
      ...['shop', 'pay'].flatMap((name) => [`Role ${name}: get secrets`, `Role ${name}: get serviceaccounts`]),
    ]);
    expect(roles.filter(({ kind }) => kind === 'RoleBinding').map(({ metadata }) => metadata.namespace)).toEqual([
      'shop',
      'pay',
    ]);
  });

  test('prints only comments if nothing is needed', async () => {
    const { out } = await runCommand(['manifests', 'rbac']);
    expect(out).toBe(
      '# What these policies read from the cluster: built-in\n# They read nothing, so the server needs no role\n',
    );
  });

  test('rejects a namespace that cannot exist', async () => {
    const { code, note } = await runCommand(['manifests', 'rbac', '--only-namespaces', 'shop,Pay']);
    expect(code).toBe(2);
    expect(note).toContain('--only-namespaces: invalid value "shop,Pay" (expected ');
  });
});

test('every fact has a row', () => {
  expect(Object.keys(RULES_BY_NEED)).toEqual(NEEDS);
});
