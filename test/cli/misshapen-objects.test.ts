/** Custom kinds whose objects have another shape than the table of kinds: a notice in `check`, a denial in `serve`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { validate } from '../../src/admission/validate.ts';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { compose } from '../../src/wiring.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-misshapen-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, text);
  return full;
}

const tenant = (name: string, spec: string): string =>
  `apiVersion: minio.min.io/v2\nkind: Tenant\nmetadata: {name: ${name}, namespace: shop}\nspec:\n${spec}`;

const TENANTS = file(
  'tenants.yaml',
  [
    tenant('one', '  image: {repository: quay.io/acme/s3, tag: v1}\n  kes: {image: "quay.io/acme/kes:latest"}\n'),
    tenant('two', '  initContainers: [{image: quay.io/acme/a:1}, {image: {}}, {image: 7}]\n'),
  ].join('---\n'),
);

test('check evaluates the other images, and prints one notice for the kind', async () => {
  const { code, out } = await runCommand(['check', TENANTS, '-o', 'json']);
  const { errors, images, notices, findings } = JSON.parse(out) as CheckReport;
  expect(errors).toEqual([]);
  expect(images.map(({ image, line }) => `${line} ${image}`)).toEqual([
    '6 quay.io/acme/kes:latest',
    '12 quay.io/acme/a:1',
  ]);
  expect(findings.map(({ rule, pointer }) => `${rule} ${pointer}`)).toContain('image-tag /spec/kes/image');
  expect(code).toBe(1);
  expect(notices).toEqual([
    expect.objectContaining({
      file: TENANTS,
      line: 5,
      message:
        'images of 2 objects of kind "Tenant" are not evaluated: /spec/image: expected a string, found an object (and 1 other location); serve denies such objects',
    }),
  ]);
});

test('an object without a fault gets no notice', async () => {
  const fine = file('fine.yaml', tenant('fine', '  image: quay.io/acme/s3:1\n'));
  const { out } = await runCommand(['check', fine, '-o', 'json']);
  expect((JSON.parse(out) as CheckReport).notices).toEqual([]);
});

test('the pod spec of a custom kind is an error, because Kubernetes defines its shape', async () => {
  const wrong = file(
    'wrong.yaml',
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {spec: {containers: {}}}}\n',
  );
  const { code, out } = await runCommand(['check', wrong, '-o', 'json']);
  expect(code).toBe(2);
  expect((JSON.parse(out) as CheckReport).errors.map(({ message }) => message)).toEqual([
    '/spec/template/spec/containers: expected a list, found an object',
  ]);
});

test('the webhook denies such objects', async () => {
  const { context } = await compose({ kinds: kindTable(), policies: [] });
  const { manifests } = await loadManifests([TENANTS], { kinds: kindTable(), namespace: 'a', stdin: process.stdin });
  for (const { request } of manifests) {
    const decision = await validate(request, context, new AbortController().signal);
    expect(decision).toMatchObject({ outcome: 'malformed', allowed: false });
  }
});

test('pin pins the other images, and explain pod shows them, with the same notice', async () => {
  const notice =
    'images of 2 objects of kind "Tenant" are not read: /spec/image: expected a string, found an object (and 1 other location); serve denies such objects';
  const pinned = await runCommand(['pin', TENANTS, '--check', '-o', 'json']);
  const { images, errors, notices } = JSON.parse(pinned.out) as Readonly<Record<string, readonly object[]>>;
  expect(images).toMatchObject([{ image: 'quay.io/acme/kes:latest' }, { image: 'quay.io/acme/a:1' }]);
  expect({ errors, code: pinned.code }).toEqual({ errors: [], code: 1 });
  expect(notices).toEqual([expect.objectContaining({ line: 5, message: notice })]);
  const explained = await runCommand(['explain', 'pod', TENANTS]);
  expect(explained.code).toBe(0);
  expect(explained.out).toContain('quay.io/acme/kes:latest');
  expect(explained.note).toBe(`${TENANTS}:5:10  notice  ${notice}\n`);
});
