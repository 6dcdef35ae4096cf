/** `check --fix` writes the digests that `pin` would write, and no others. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CheckReport } from '../../../src/report/check.ts';
import { policyOf, runFix, writeFixes } from '../../support/fix-command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf, fakeRegistry, NOT_FOUND, RATE_LIMITED, runPin } from '../../support/pin-registry.ts';

inOwnFolders('fix-digests');

const HUB = 'docker.io/library';
const NGINX = digestOf(`${HUB}/nginx:1.27`);
const REDIS = digestOf(`${HUB}/redis:7`);
const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';

function file(name: string, text: string): string {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
  return name;
}

const MAIN = path.resolve('src/main.ts');
const FIX = ['check', '-p', 'policy.yaml', '--fix', '--write', '-o', 'json'];
const NOBODY = 65_534;

/** Root can write to read-only files, so another user runs the program. */
function userFor(files: readonly string[]): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['.', ...files]) chownSync(name, NOBODY, NOBODY);
  chmodSync('..', 0o711);
  return { uid: NOBODY, gid: NOBODY };
}

const read = (name: string): string => readFileSync(name, 'utf8');

interface Row {
  readonly name: string;
  readonly file?: string;
  readonly text: string;
  readonly expected: string;
  readonly rules?: readonly string[];
  /** Denials that are left. */
  readonly left?: number;
  /** Notices about findings that are not fixed. */
  readonly notices?: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    name: 'block style with comments',
    text: `${HEAD}    - name: a\n      image: nginx:1.27 # the image\n`,
    expected: `${HEAD}    - name: a\n      image: nginx:1.27@${NGINX} # the image\n`,
  },
  {
    name: 'several findings on one line',
    text: `${HEAD}    - {name: a, image: nginx:1.27}\n`,
    rules: ['{rule: image-digest}', '{rule: image-qualified}', '{rule: image-pull-policy, parameters: {when: all}}'],
    expected: `${HEAD}    - {name: a, image: docker.io/library/nginx:1.27@${NGINX}, imagePullPolicy: Always}\n`,
  },
  {
    name: 'an image with a digest cannot change, so it gets no imagePullPolicy',
    text: `${HEAD}    - name: a\n      image: nginx:1.27\n    - name: b\n      image: reg.io/b:1@${NGINX}\n`,
    rules: ['{rule: image-digest}', '{rule: image-pull-policy}'],
    expected: `${HEAD}    - name: a\n      image: nginx:1.27@${NGINX}\n    - name: b\n      image: reg.io/b:1@${NGINX}\n`,
  },
  {
    name: 'CRLF, a byte order mark, and quotes',
    text: `\uFEFF${`${HEAD}    - name: a\n      image: "nginx:1.27"\n`.replaceAll('\n', '\r\n')}`,
    expected: `\uFEFF${`${HEAD}    - name: a\n      image: "nginx:1.27@${NGINX}"\n`.replaceAll('\n', '\r\n')}`,
  },
  {
    name: 'escapes',
    text: `${HEAD}    - {name: a, image: "ngin\\x78:1.27"}\n`,
    expected: `${HEAD}    - {name: a, image: "nginx:1.27@${NGINX}"}\n`,
  },
  {
    name: 'an anchor of two containers',
    text: `${HEAD}    - {name: a, image: &i nginx:1.27}\n    - {name: b, image: *i}\n`,
    expected: `${HEAD}    - {name: a, image: &i nginx:1.27@${NGINX}}\n    - {name: b, image: *i}\n`,
  },
  {
    name: 'an anchor that an annotation uses',
    text:
      HEAD.replace('{name: web}', '{name: web, annotations: {x: &i "nginx:1.27"}}') + '    - {name: a, image: *i}\n',
    expected:
      HEAD.replace('{name: web}', '{name: web, annotations: {x: &i "nginx:1.27"}}') + '    - {name: a, image: *i}\n',
    left: 1,
    notices: [
      'image-digest is not fixed: image "nginx:1.27" cannot be pinned: /metadata/annotations/x (line 3) shares its text through an anchor; write both values out',
    ],
  },
  {
    name: 'an anchor that an excused container uses',
    rules: ['{rule: image-digest}'],
    text: `${HEAD}    - {name: a, image: &i nginx:1.27}\n    - {name: legacy, image: *i}\n`,
    expected: `${HEAD}    - {name: a, image: &i nginx:1.27}\n    - {name: legacy, image: *i}\n`,
    left: 1,
    notices: [
      'image-digest is not fixed: another value shares its text through an anchor (&name); write both values out',
    ],
  },
  {
    name: 'a list, and a second document',
    text: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: web}\n  spec: {containers: [{name: a, image: redis:7}]}\n`,
    expected: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: web}\n  spec: {containers: [{name: a, image: redis:7@${REDIS}}]}\n`,
  },
  {
    name: 'a Compose file, with the default of a variable',
    file: 'compose.yaml',
    text: 'services:\n  web:\n    image: "nginx:${TAG:-1.27}"\n  db: {image: redis:7}\n  own: {image: acme/own, build: .}\n',
    expected: `services:\n  web:\n    image: "nginx:\${TAG:-1.27@${NGINX}}"\n  db: {image: redis:7@${REDIS}}\n  own: {image: acme/own, build: .}\n`,
  },
  {
    name: 'an anchor in an extension of a Compose file',
    file: 'compose.yaml',
    text: 'x-image: &i nginx:1.27\nservices:\n  a: {image: *i}\n  b: {image: *i}\n',
    expected: `x-image: &i nginx:1.27@${NGINX}\nservices:\n  a: {image: *i}\n  b: {image: *i}\n`,
  },
  {
    name: 'a Dockerfile',
    file: 'Dockerfile',
    text: 'ARG V=1.27\nFROM nginx:$V AS build\nFROM build AS test\nFROM redis:7\n',
    expected: `ARG V=1.27@${NGINX}\nFROM nginx:$V AS build\nFROM build AS test\nFROM redis:7@${REDIS}\n`,
  },
  {
    name: 'registries in a Dockerfile and a digest',
    file: 'Dockerfile',
    rules: ['{rule: image-digest}', '{rule: image-qualified}'],
    text: 'FROM nginx:1.27\nFROM redis:7 AS b\n',
    expected: `FROM docker.io/library/nginx:1.27@${NGINX}\nFROM docker.io/library/redis:7@${REDIS} AS b\n`,
  },
  {
    name: 'registries in a Compose file',
    file: 'compose.yaml',
    rules: ['{rule: image-qualified}'],
    text: 'services:\n  web: {image: nginx:1.27}\n  db:\n    image: "redis:${V:-7}"\n',
    expected: 'services:\n  web: {image: docker.io/library/nginx:1.27}\n  db:\n    image: "redis:${V:-7}"\n',
    left: 1,
    notices: [
      'image-qualified is not fixed: its text has escapes, or is on several lines; write it on one line without escapes',
    ],
  },
  {
    name: 'an image that a controller composes',
    text: 'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {baseImage: reg.io/p, tag: v1}\n',
    expected:
      'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {baseImage: reg.io/p, tag: v1}\n',
    left: 1,
    notices: [
      'image-digest is not fixed: image "reg.io/p:v1" cannot be pinned: it is built from several fields or is part of a longer string; pin it by hand',
    ],
  },
];

const EXCEPTION = `---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata: {name: legacy}
spec:
  policy: p
  owner: team
  reason: old
  expires: 2999-01-01
  rules: [image-digest]
  match: {containers: [legacy]}
`;

describe('check --fix with image-digest', () => {
  test.each(ROWS)('$name', async (row) => {
    const { file: name = 'a.yaml', text, expected, rules = ['{rule: image-digest}'], left = 0, notices = [] } = row;
    file('policy.yaml', policyOf(...rules) + (text.includes('legacy') ? EXCEPTION : ''));
    file(name, text);
    const preview = await runFix([name]);
    expect(read(name)).toBe(text);
    const { report, note } = await writeFixes([name]);
    expect(read(name)).toBe(expected);
    expect(report.summary.denied, note).toBe(left);
    expect(report.notices.map(({ message }) => message).filter((one) => one.includes('not fixed'))).toEqual(notices);
    for (const notice of notices) expect(preview.note).toContain(notice);
    const again = await writeFixes([name]);
    expect(read(name)).toBe(expected);
    expect(again.note).toMatch(/^fixed 0 of /);
    file(name, text);
    if (rules.length > 1 || notices.length > 0) return;
    await runPin([name], { write: true });
    expect(read(name)).toBe(expected);
  });
});

describe('the same as pin', () => {
  const POD = `${HEAD}    - name: a\n      image: nginx:1.27\n    - name: b\n      image: reg.io/gone:1\n    - name: c\n      image: reg.io/busy:1\n    - name: d\n      image: redis:7\n      ports: [{containerPort: 80, protocol: tcp}]\n`;
  const TROUBLE = { 'reg.io/gone:1': NOT_FOUND, 'reg.io/busy:1': RATE_LIMITED };

  test('a failed lookup is named, and does not stop other fixes', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}', '{rule: container-ports}'));
    file('a.yaml', POD);
    const { report, note, code } = await writeFixes(['a.yaml'], {}, fakeRegistry(TROUBLE));
    expect(note).toBe('fixed 3 of 5 findings in 1 file\n');
    expect({ code, errors: report.errors }).toEqual({ code: 1, errors: [] });
    expect(report.notices.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '9: image-digest is not fixed: image "reg.io/gone:1" cannot be pinned: registry.example.com has no such tag',
      '11: image-digest is not fixed: image "reg.io/busy:1" cannot be pinned: registry.example.com answered 429, retry in 30 s; log in',
    ]);
    expect(read('a.yaml')).toBe(
      POD.replace('nginx:1.27', `nginx:1.27@${NGINX}`).replace('redis:7', `redis:7@${REDIS}`).replace('tcp', 'TCP'),
    );
  });

  test('--offline queries no registry, and uses the lock file', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}'));
    file('a.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n    - {name: b, image: redis:7}\n`);
    file(
      'lock.yaml',
      `version: 1\nimages:\n  docker.io/library/nginx:1.27:\n    digest: ${REDIS}\n    mediaType: x\n    time: "2026-01-01T00:00:00.000Z"\n`,
    );
    const { report } = await writeFixes(['a.yaml'], { offline: true, lock: 'lock.yaml', registryFor: undefined });
    expect(read('a.yaml')).toBe(
      `${HEAD}    - {name: a, image: nginx:1.27@${REDIS}}\n    - {name: b, image: redis:7}\n`,
    );
    expect(report.notices.map(({ message }) => message)).toEqual([
      'image-digest is not fixed: image "redis:7" cannot be pinned: no registry is queried with --offline',
    ]);
  });

  test('--write adds new digests to the lock file, and --fix alone does not', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}'));
    file('a.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n`);
    await runFix(['a.yaml'], { lock: 'lock.yaml' });
    expect(() => read('lock.yaml')).toThrow('ENOENT');
    await writeFixes(['a.yaml'], { lock: 'lock.yaml', now: 0 });
    const byFix = read('lock.yaml');
    file('a.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n`);
    await runPin(['a.yaml'], { write: true, lock: 'other.yaml' });
    expect(byFix).toBe(read('other.yaml'));
  });

  test('an invalid lock file is an error before anything is written', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}', '{rule: image-qualified}'));
    file('lock.yaml', 'version: 2\n');
    const text = `${HEAD}    - {name: a, image: nginx:1.27}\n`;
    file('a.yaml', text);
    await expect(writeFixes(['a.yaml'], { lock: 'lock.yaml' })).rejects.toThrow(
      'lock.yaml: expected a lock file with version: 1',
    );
    expect(read('a.yaml')).toBe(text);
  });

  test('only images with a finding are looked up', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}') + EXCEPTION);
    file('a.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n    - {name: legacy, image: redis:7}\n`);
    const registry = fakeRegistry();
    await runFix(['a.yaml'], {}, registry);
    expect(registry.lookups).toEqual([`${HUB}/nginx:1.27`]);
  });

  test('the digest is that of the image that a kustomization runs', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}'));
    file('k/base/kustomization.yaml', 'resources: [pod.yaml]\n');
    file('k/base/pod.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n    - {name: b, image: redis:7}\n`);
    file('k/prod/kustomization.yaml', 'resources: [../base]\nimages: [{name: nginx, newName: reg.io/nginx}]\n');
    const { report } = await writeFixes(['k'], {}, fakeRegistry({ 'reg.io/nginx:1.27': NGINX }));
    expect(read('k/base/pod.yaml')).toBe(
      `${HEAD}    - {name: a, image: nginx:1.27@${NGINX}}\n    - {name: b, image: redis:7@${REDIS}}\n`,
    );
    expect(report.summary.denied).toBe(0);
  });

  test('an entry of a kustomization that needs a digest of its own is left to pin', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}'));
    file('k/base/kustomization.yaml', 'resources: [pod.yaml]\n');
    file('k/base/pod.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n`);
    file('k/one/kustomization.yaml', 'resources: [../base]\n');
    file(
      'k/two/kustomization.yaml',
      'resources: [../base]\nimages: [{name: nginx, newName: reg.io/nginx, newTag: "2"}]\n',
    );
    file('k/three/kustomization.yaml', 'resources: [../base]\nimages: [{name: nginx, newName: reg.io/nginx}]\n');
    const before = read('k/base/pod.yaml');
    const { report } = await writeFixes(['k']);
    expect(report.notices.map(({ message }) => message).join('\n')).toContain('run tidewaiter pin');
    expect(read('k/base/pod.yaml')).toBe(before);
  });
});

describe('files', () => {
  test('a link stays a link, and a file with two names is changed once', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}', '{rule: image-qualified}'));
    file('real/a.yaml', `${HEAD}    - {name: a, image: nginx:1.27}\n`);
    symlinkSync('real/a.yaml', 'link.yaml');
    const { note, report } = await writeFixes(['link.yaml', 'real', './real/a.yaml']);
    expect(note).toBe('fixed 2 of 2 findings in 1 file\n');
    expect(read('real/a.yaml')).toBe(`${HEAD}    - {name: a, image: docker.io/library/nginx:1.27@${NGINX}}\n`);
    expect(report.summary).toMatchObject({ denied: 0, errors: 0 });
  });

  test('a read-only file is an error, and other files are fixed', async () => {
    file('policy.yaml', policyOf('{rule: image-qualified}'));
    const text = `${HEAD}    - {name: a, image: nginx:1.27}\n`;
    chmodSync(file('a.yaml', text), 0o444);
    file('b.yaml', text);
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...FIX, 'a.yaml', 'b.yaml'], {
      encoding: 'utf8',
      ...userFor(['a.yaml', 'b.yaml', 'policy.yaml']),
    });
    expect(stderr).toBe('fixed 1 of 2 findings in 1 file\n');
    expect(read('a.yaml')).toBe(text);
    expect(status).toBe(2);
    const { errors } = JSON.parse(stdout) as CheckReport;
    expect(errors.map(({ file: of, message }) => `${of}: ${message}`)).toEqual([
      'a.yaml: not fixed: permission denied',
    ]);
  });

  test('lines of findings that are left are those of the new text', async () => {
    file('policy.yaml', policyOf('{rule: image-pull-policy}', '{rule: image-tag, parameters: {deny: ["0"]}}'));
    file(
      'a.yaml',
      `${HEAD}    - name: a\n      image: reg.io/a:1\n    - name: b\n      image: reg.io/b:0\n      imagePullPolicy: Always\n`,
    );
    const { report } = await writeFixes(['a.yaml']);
    expect(report.findings.map(({ line, rule }) => `${line} ${rule}`)).toEqual(['10 image-tag']);
  });
});

const MOVED = {
  digest: NGINX,
  mediaType: 'x',
  credential: 'anonymous',
  mirror: undefined,
  provesPull: true,
  stale: undefined,
};

describe('with', () => {
  const TEXT = `${HEAD}    - {name: a, image: nginx:1.27}\n`;

  test('--only and --except, only their findings are fixed', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}', '{rule: image-qualified}'));
    file('a.yaml', TEXT);
    await writeFixes(['a.yaml'], { only: ['image-qualified'] });
    expect(read('a.yaml')).toBe(TEXT.replace('nginx', 'docker.io/library/nginx'));
    file('a.yaml', TEXT);
    await writeFixes(['a.yaml'], { except: ['image-qualified'] });
    expect(read('a.yaml')).toBe(TEXT.replace('1.27', `1.27@${NGINX}`));
  });

  test('--baseline, known findings stay', async () => {
    file('policy.yaml', policyOf('{rule: image-digest}'));
    file('a.yaml', TEXT);
    await runFix(['a.yaml'], { fix: false, writeBaseline: 'known.json' });
    file('a.yaml', `${TEXT}    - {name: b, image: redis:7}\n`);
    const { report } = await writeFixes(['a.yaml'], { baseline: 'known.json' });
    expect(read('a.yaml')).toBe(`${TEXT}    - {name: b, image: redis:7@${REDIS}}\n`);
    expect(report.summary).toMatchObject({ known: 1, denied: 0 });
  });

  test('a tag that has moved, the digest stays', async () => {
    file('policy.yaml', policyOf('{rule: image-digest, parameters: {drift: true}}'));
    const text = TEXT.replace('nginx:1.27', `"nginx:1.27@${REDIS}"`);
    file('a.yaml', text);
    const { report } = await writeFixes(['a.yaml'], {
      openRegistry: () =>
        Promise.resolve({
          sources: { images: { lookUp: () => Promise.resolve({ state: 'yes', value: MOVED }) } },
          tracer: undefined,
          close: () => Promise.resolve(),
        }),
    });
    expect(read('a.yaml')).toBe(text);
    expect(report.notices.map(({ message }) => message)).toEqual([
      'image-digest is not fixed: its tag now points to another digest, and whether to use the newer build is a decision; run tidewaiter pin --update',
    ]);
  });
});
