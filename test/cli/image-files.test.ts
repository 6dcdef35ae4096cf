/** Compose files and Dockerfiles in `check`: their images, with positions, by rules about images only. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-image-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

async function reportOf(...argv: readonly string[]): Promise<{ code: number; report: CheckReport }> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport };
}

interface Row {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** `line:column kind container image` */
  readonly images: readonly string[];
  readonly notices?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'the services of a Compose file',
    file: 'shop/compose.yaml',
    text: 'services:\n  web:\n    image: nginx:1.27\n  db:\n    image: "postgres:${PG:-17}"\n',
    images: ['3:12 Compose web nginx:1.27', '5:12 Compose db postgres:17'],
  },
  {
    name: 'a service that is built, and one that is never pulled',
    file: 'built/docker-compose.yml',
    text: 'services:\n  web: {image: acme/web, build: .}\n  own: {image: acme/own, pull_policy: never}\n',
    images: [],
  },
  {
    name: 'a variable without a default',
    file: 'open/compose.yaml',
    text: 'services:\n  a: {image: "$IMAGE"}\n  b: {image: "a:${TAG}"}\n  c: {image: "redis:7"}\n',
    images: ['4:14 Compose c redis:7'],
    notices: [
      '2: 2 images in files are not evaluated: it contains a variable that has no default and no value in ".env" beside the file; add the value there',
    ],
  },
  {
    name: 'a Compose file with another name, and images beside services',
    file: 'stack.yml',
    text: 'services:\n  web:\n    image: nginx:1.27\n    volumes:\n      - {type: image, source: "acme/assets:3", target: /a}\n    build: null\n',
    images: ['3:12 Compose web nginx:1.27', '5:31 Compose web acme/assets:3'],
  },
  {
    name: 'an image that is not valid',
    file: 'wrong/compose.yaml',
    text: 'services:\n  web: {image: "Nginx:1.27"}\n',
    images: ['2:16 Compose web Nginx:1.27'],
  },
  {
    name: 'the stages of a Dockerfile',
    file: 'Dockerfile',
    text: 'ARG NODE=24\nFROM node:${NODE} AS build\nCOPY --from=busybox:1.37 /bin/sh /sh\nFROM build AS test\nFROM gcr.io/distroless/nodejs24\n',
    images: [
      '1:10 Dockerfile build node:24',
      '3:13 Dockerfile - busybox:1.37',
      '5:6 Dockerfile - gcr.io/distroless/nodejs24',
    ],
  },
  {
    name: 'an ARG without a default',
    file: 'base.Dockerfile',
    text: 'ARG BASE\nFROM ${BASE}\n',
    images: [],
    notices: ['2: image "${BASE}" is not evaluated: ARG BASE has no default, so the image is known only at build time'],
  },
];

describe('images in', () => {
  test.each(ROWS)('$name', async ({ file: name, text, images, notices = [] }) => {
    const { report } = await reportOf(file(name, text));
    expect(report.errors).toEqual([]);
    const shown = report.images.map(
      (one) => `${one.line}:${one.column} ${one.kind} ${one.container ?? '-'} ${one.image}`,
    );
    expect(shown).toEqual(images);
    expect(
      report.notices.filter(({ line }) => line !== null).map(({ line, message }) => `${line}: ${message}`),
    ).toEqual(notices);
  });
});

const POLICY = file(
  'policy/policy.yaml',
  `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: images}
spec:
  rules:
    - {rule: image-tag, parameters: {required: true}}
    - {rule: image-registry, parameters: {deny: ["docker.io/acme/**"]}}
    - {rule: container-probes, parameters: {require: [liveness]}}
    - {rule: image-pull-policy}
    - {rule: cel, parameters: {expression: "false", message: never}}
`,
);

test('only rules about images apply, and findings name the service', async () => {
  const compose = file('rules/compose.yaml', 'services:\n  web: {image: acme/web}\n');
  const { code, report } = await reportOf(compose, '-p', POLICY);
  expect(code).toBe(1);
  expect(
    report.findings.map(({ kind, name, namespace, container, rule, line }) => ({
      kind,
      name,
      namespace,
      container,
      rule,
      line,
    })),
  ).toEqual(
    ['image-tag', 'image-registry'].map((rule) => ({
      kind: 'Compose',
      name: 'rules/compose.yaml',
      namespace: null,
      container: 'web',
      rule,
      line: 2,
    })),
  );
});

test.each([
  ['{}', 2],
  ['{match: {kinds: [Deployment]}}', 0],
  ['{match: {kinds: [Compose]}}', 1],
  ['{match: {kinds: [Dockerfile.files]}}', 1],
  ['{match: {namespaces: [shop]}}', 0],
  ['{exclude: {namespaces: [shop]}}', 2],
  ['{exclude: {kinds: [Compose, Dockerfile]}}', 0],
  ['{match: {operations: [UPDATE]}}', 0],
])('the scope %s covers %i of the two files', async (scope, count) => {
  const { match, exclude } = scopeOf(scope);
  const policy = file(
    'scope/policy.yaml',
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n${match}${exclude}  rules: [{rule: image-tag, parameters: {required: true}}]\n`,
  );
  const compose = file('scoped/compose.yaml', 'services: {web: {image: acme/web}}\n');
  const dockerfile = file('scoped/Dockerfile', 'FROM acme/base\n');
  const { report } = await reportOf(compose, dockerfile, '-p', policy);
  expect(report.findings).toHaveLength(count);
});

function scopeOf(text: string): { readonly match: string; readonly exclude: string } {
  const [, key, value] = /^\{(match|exclude): (.*)\}$/.exec(text) ?? [];
  const line = key === undefined ? '' : `  ${key}: ${value}\n`;
  return key === 'match' ? { match: line, exclude: '' } : { match: '', exclude: line };
}

describe('a directory', () => {
  test('with Dockerfiles counts them, and skips files that only have the name', async () => {
    file('tree/Dockerfile', 'FROM acme/base:1\n');
    file('tree/dockerfile.go', 'package dockerfile\n');
    file('tree/compose.yaml', 'services: {web: {image: "nginx:1.27"}}\n');
    const { report } = await reportOf(path.join(folder, 'tree'));
    expect(report.errors).toEqual([]);
    expect(report.summary).toMatchObject({ files: 2, images: 2, workloads: 2 });
    expect(report.notices.map(({ message }) => message)).toEqual([
      expect.stringContaining('dockerfile.go" contains no Kubernetes object'),
    ]);
  });

  test('a file that was named and is no Dockerfile is an error', async () => {
    const { code, report } = await reportOf(file('named/dockerfile.go', 'package dockerfile\n'));
    expect(code).toBe(2);
    expect(report.errors.map(({ message }) => message)).toEqual([
      'not a Dockerfile: its first line is not an instruction',
    ]);
  });
});

test('a suite reads no Compose files', async () => {
  const compose = file('suite/compose.yaml', 'services: {web: {image: nginx}}\n');
  file(
    'suite/policy.yaml',
    'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-tag, parameters: {required: true}}]}\n',
  );
  const suite = file(
    'suite/suite.yaml',
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: s}\nspec:\n  policies: [policy.yaml]\n  cases: [{name: a, resources: [${path.basename(compose)}], expect: pass}]\n`,
  );
  const { code } = await runCommand(['test', suite]);
  expect(code).toBe(2);
});
