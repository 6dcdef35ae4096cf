import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf, fakeRegistry, NOT_FOUND, RATE_LIMITED, runPin } from '../../support/pin-registry.ts';

inOwnFolders('pin-cli');

const HUB = 'docker.io/library';
const NGINX = digestOf(`${HUB}/nginx:1.27`);
const OLD = `sha256:${'a'.repeat(64)}`;

function pod(...images: readonly string[]): string {
  const containers = images.map((image, index) => `  - name: c${index}\n    image: ${image}\n`).join('');
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n${containers}`;
}

function file(name: string, text: string): string {
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
  return name;
}

const read = (name: string): string => readFileSync(name, 'utf8');

describe('pin', () => {
  test('shows the diff, says how to write it, and changes nothing', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    expect(await runPin(['pod.yaml'])).toEqual({
      code: 0,
      out: `--- a/pod.yaml
+++ b/pod.yaml
@@ -5,4 +5,4 @@
 spec:
   containers:
   - name: c0
-    image: nginx:1.27
+    image: nginx:1.27@${NGINX}
`,
      note: '1 file, 1 image: 0 already pinned, 1 to pin; use --write to update the files\n',
    });
    expect(read('pod.yaml')).toBe(pod('nginx:1.27'));
  });

  test('writes with --write, and says what', async () => {
    file('pod.yaml', pod('nginx:1.27', `redis:7@${OLD}`));
    expect(await runPin(['pod.yaml'], { write: true })).toEqual({
      code: 0,
      out: `pod.yaml:8:12  pinned  nginx:1.27@${NGINX}\n`,
      note: '1 file, 2 images: 1 already pinned, 1 pinned now\n',
    });
    expect(read('pod.yaml')).toBe(pod(`nginx:1.27@${NGINX}`, `redis:7@${OLD}`));
  });

  test('asks for the tag that no tag means, and writes it', async () => {
    file('pod.yaml', pod('nginx'));
    await runPin(['pod.yaml'], { write: true });
    expect(read('pod.yaml')).toBe(pod(`nginx:latest@${digestOf(`${HUB}/nginx:latest`)}`));
  });

  test('keeps the spelling of the user, and asks for each image once however it is spelled', async () => {
    const spelled = [
      'nginx:1.27',
      'docker.io/nginx:1.27',
      'docker.io/library/nginx:1.27',
      'index.docker.io/library/nginx:1.27',
    ];
    file('pod.yaml', pod(...spelled));
    const registry = fakeRegistry();
    await runPin(['pod.yaml'], { write: true }, { registry });
    expect(registry.lookups).toEqual([`${HUB}/nginx:1.27`]);
    expect(read('pod.yaml')).toBe(pod(...spelled.map((image) => `${image}@${NGINX}`)));
  });

  test('asks 50 times for 200 files with 50 images', async () => {
    for (let index = 0; index < 200; index += 1) file(`many/${index}.yaml`, pod(`r.io/app:${index % 50}`));
    const registry = fakeRegistry();
    const { code } = await runPin(['many'], { write: true }, { registry });
    expect({ code, lookups: registry.lookups.length }).toEqual({ code: 0, lookups: 50 });
    expect(read('many/199.yaml')).toBe(pod(`r.io/app:49@${digestOf('r.io/app:49')}`));
  });

  test('does what it can, and exits 2 for the rest with its cause', async () => {
    file('pods.yaml', pod('nginx:1.27', 'nginx:nope', 'nginx:limited', 'Nginx:1'));
    file('broken.yaml', 'image: [\n');
    file('notes.yaml', 'just: notes\n');
    const registry = fakeRegistry({ [`${HUB}/nginx:nope`]: NOT_FOUND, [`${HUB}/nginx:limited`]: RATE_LIMITED });
    const { code, note } = await runPin(['.', 'absent.yaml'], { write: true }, { registry });
    expect(code).toBe(2);
    expect(read('pods.yaml')).toBe(pod(`nginx:1.27@${NGINX}`, 'nginx:nope', 'nginx:limited', 'Nginx:1'));
    expect(note.replace(/^broken.*\n/m, 'BROKEN\n')).toBe(
      `absent.yaml  error  no such file or directory
BROKEN
pods.yaml:10:12  error  image "nginx:nope" cannot be pinned: registry.example.com has no such tag
pods.yaml:12:12  error  image "nginx:limited" cannot be pinned: registry.example.com answered 429, retry in 30 s; log in
pods.yaml:14:12  error  image "Nginx:1" cannot be pinned: repository names must be lowercase; use "nginx:1"
notes.yaml  skipped  not a Kubernetes manifest, kustomization, Compose file, or Dockerfile; Helm values need --helm-image
4 files, 4 images: 0 already pinned, 1 pinned now, 5 errors
`,
    );
  });

  test('takes no image for missing that a kustomization replaces, unless the registry is in trouble', async () => {
    file('base/pod.yaml', pod('app', 'worker', 'other'));
    file(
      'base/kustomization.yaml',
      'resources: [pod.yaml]\nimages:\n- {name: app, newName: r.io/app, newTag: v1}\n- {name: worker, newName: r.io/worker, newTag: v1}\n',
    );
    const names = ['app', 'other'].map((name) => [`${HUB}/${name}:latest`, NOT_FOUND] as const);
    const registry = fakeRegistry({ ...Object.fromEntries(names), [`${HUB}/worker:latest`]: RATE_LIMITED });
    const { code, out } = await runPin(['base'], { output: 'json' }, { registry });
    const { images } = JSON.parse(out) as { images: { image: string; state: string; message: string | null }[] };
    expect(code).toBe(2);
    expect(images.map(({ image, state }) => `${image} ${state}`)).toEqual([
      'r.io/app:v1 resolved',
      'r.io/worker:v1 resolved',
      'app skipped',
      'worker failed',
      'other failed',
    ]);
    expect(images[2]?.message).toBe('a kustomization replaces this image (registry.example.com has no such tag)');
  });

  test('says of a place in Helm values that it is nowhere', async () => {
    file('values.yaml', 'image: nginx:1.27\n');
    const { code, note } = await runPin(['.'], { helmImage: ['/image', '/imgae'] });
    expect({ code, note }).toEqual({
      code: 2,
      note: '--helm-image /imgae  error  matches nothing in these files\n1 file, 1 image: 0 already pinned, 1 to pin, 1 error; use --write to update the files\n',
    });
  });

  test.each([
    ['beside other values', '/side/*/image', 1],
    ['in a string', '/image/tag', 0],
    ['in a number', '/side/b/image', 0],
    ['in an element of a string', '/image/*', 0],
    ['behind a key of 600 characters', '/keys/*/image', 1],
  ])('finds Helm images %s', async (_where, pointer, images) => {
    const side = { a: { image: 'nginx:1.27' }, b: 1 };
    file('values.yaml', JSON.stringify({ image: 'nginx', side, keys: { ['k'.repeat(600)]: { image: 'nginx:1.27' } } }));
    const { code, note } = await runPin(['values.yaml'], { helmImage: [pointer] });
    expect({ code, note }).toEqual({
      code: images === 0 ? 2 : 0,
      note: expect.stringContaining(
        images === 0 ? 'matches nothing in these files' : '1 image: 0 already pinned, 1 to pin',
      ),
    });
  });

  test('shows no password of what is a URL instead of an image', async () => {
    const url = 'https://ci:hush@r.io/a:1';
    file('pod.yaml', pod(url));
    file('compose.yaml', `services: {a: {image: "${url}"}}\n`);
    file('Dockerfile', `FROM ${url}\n`);
    file('kustomization.yaml', `images: [{name: "${url}", newTag: a}]\n`);
    for (const output of ['pretty', 'json'] as const) {
      const { code, out, note } = await runPin(['.'], { output });
      expect({ code, shown: `${out}${note}`.includes('hush') }).toEqual({ code: 2, shown: false });
      expect(`${out}${note}`.match(/ci:/g)?.length).toBeGreaterThanOrEqual(4);
    }
  });

  test('names ten files that are none of its own, and counts the others', async () => {
    for (let index = 0; index < 13; index += 1) file(`${index + 10}.json`, '{}');
    file('pod.yaml', pod('nginx:1.27'));
    const { note } = await runPin(['.']);
    expect(note.match(/\.json {2}skipped/g)).toHaveLength(10);
    expect(note).toContain('\nand 3 more files skipped: see -o json\n');
  });

  test('prints one object with -o json', async () => {
    file('pod.yaml', pod('nginx:1.27', 'nginx:nope'));
    const registry = fakeRegistry({ [`${HUB}/nginx:nope`]: NOT_FOUND });
    const { code, out, note } = await runPin(['pod.yaml'], { output: 'json' }, { registry });
    expect({ code, note }).toEqual({ code: 2, note: '' });
    expect(JSON.parse(out)).toEqual({
      version: 1,
      files: [{ file: 'pod.yaml', format: 'manifest', state: 'change', message: null }],
      images: [
        {
          file: 'pod.yaml',
          line: 8,
          column: 12,
          format: 'manifest',
          image: 'nginx:1.27',
          uses: 1,
          state: 'resolved',
          rewritten: null,
          rewrittenBy: null,
          pinned: `nginx:1.27@${NGINX}`,
          digest: NGINX,
          previous: null,
          message: null,
        },
        {
          file: 'pod.yaml',
          line: 10,
          column: 12,
          format: 'manifest',
          image: 'nginx:nope',
          uses: 1,
          state: 'failed',
          rewritten: null,
          rewrittenBy: null,
          pinned: null,
          digest: null,
          previous: null,
          message: 'image "nginx:nope" cannot be pinned: registry.example.com has no such tag',
        },
      ],
      errors: [],
      notices: [],
      changes: [
        {
          image: 'nginx:1.27',
          rewritten: null,
          pinned: `nginx:1.27@${NGINX}`,
          from: null,
          to: {
            digest: NGINX,
            state: 'known',
            created: null,
            sizeBytes: 0,
            origin: 'known',
            source: null,
            revision: null,
          },
          sizeDifferenceBytes: null,
          compareUrl: null,
          files: ['pod.yaml'],
        },
      ],
    });
  });

  test('reads standard input, and cannot write it', async () => {
    const { out } = await runPin(['-'], {}, { stdin: pod('nginx:1.27') });
    expect(out).toContain(`+    image: nginx:1.27@${NGINX}\n`);
    const refused = await runCommand(['pin', '-', '--write']);
    expect({ code: refused.code, note: refused.note }).toEqual({
      code: 2,
      note: '--write cannot be used with "-" (standard input)\n',
    });
  });

  test('opens a file once that is named twice, and writes through symbolic links', async () => {
    file('real/pod.yaml', pod('nginx:1.27'));
    symlinkSync('real/pod.yaml', 'link.yaml');
    chmodSync('real/pod.yaml', 0o640);
    const { note } = await runPin(['link.yaml', 'real', 'real/pod.yaml'], { write: true });
    expect(note).toBe('1 file, 1 image: 0 already pinned, 1 pinned now\n');
    expect(read('real/pod.yaml')).toBe(pod(`nginx:1.27@${NGINX}`));
  });

  test('does not overwrite what somebody else changes meanwhile', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    const fake = fakeRegistry();
    const registry = {
      ...fake,
      resolve(...input: Parameters<typeof fake.resolve>) {
        writeFileSync('pod.yaml', '# mine\n');
        return fake.resolve(...input);
      },
    };
    const { code, note } = await runPin(['pod.yaml'], { write: true }, { registry });
    expect({ code, text: read('pod.yaml') }).toEqual({ code: 2, text: '# mine\n' });
    expect(note).toContain('pod.yaml  error  the file changed during the run; run the command again\n');
  });

  test('writes nothing more after Ctrl-C', async () => {
    file('a.yaml', pod('nginx:1.27'));
    const fake = fakeRegistry();
    const registry = {
      ...fake,
      resolve(...input: Parameters<typeof fake.resolve>) {
        process.emit('SIGINT');
        return fake.resolve(...input);
      },
    };
    const { code, note } = await runPin(['a.yaml'], { write: true }, { registry });
    expect({ code, text: read('a.yaml') }).toEqual({ code: 2, text: pod('nginx:1.27') });
    expect(note).toContain('a.yaml  error  interrupted before it was written\n');
  });
});

describe('pin --check', () => {
  test('reports the location, sends no requests, and exits with 1', async () => {
    file('pod.yaml', pod('nginx:1.27', `redis:7@${OLD}`));
    file('Dockerfile', 'FROM alpine\n');
    expect(await runCommand(['pin', '--check', '.'])).toEqual({
      code: 1,
      out: 'Dockerfile:1:6  unpinned  image "alpine" has no digest\npod.yaml:8:12  unpinned  image "nginx:1.27" has no digest\n',
      note: '2 files, 3 images: 1 already pinned, 2 unpinned\nto pin: tidewaiter pin Dockerfile pod.yaml --write\n',
    });
  });

  test('exits with 0 if all images are pinned, and with 2 if that cannot be determined', async () => {
    file('pod.yaml', pod(`redis:7@${OLD}`));
    expect((await runCommand(['pin', '--check', 'pod.yaml'])).code).toBe(0);
    file('compose.yaml', 'services: {a: {image: "nginx:${TAG}"}}\n');
    expect(await runCommand(['pin', '--check', 'compose.yaml'])).toMatchObject({
      code: 2,
      note: expect.stringContaining(
        'image "nginx:${TAG}" cannot be pinned: it contains a variable that has no default and no value in ".env" beside the file; add the value there',
      ) as string,
    });
  });

  test('asks no digest of an image that a kustomization replaces, tag and all', async () => {
    file('base/pod.yaml', pod('app:1', 'renamed:1'));
    const images = `resources: [../base/pod.yaml]\nimages:\n- {name: app, newTag: v1, digest: "${OLD}"}\n- {name: renamed, newName: r.io/renamed}\n`;
    file('overlay/kustomization.yaml', images);
    const { code, out, note } = await runCommand(['pin', '--check', '.']);
    expect({ code, out }).toEqual({ code: 1, out: 'base/pod.yaml:10:12  unpinned  image "renamed:1" has no digest\n' });
    expect(note).toContain('base/pod.yaml:8:12  skipped  image "app:1": a kustomization replaces this image\n');
  });

  test('lets a kustomization speak for what it includes, also through others, and for nothing beside it', async () => {
    file('base/pod.yaml', pod('app:1'));
    file('base/kustomization.yaml', 'resources: [pod.yaml]\n');
    file('overlay/kustomization.yaml', `resources: [../base]\nimages:\n- {name: app, newTag: v1, digest: "${OLD}"}\n`);
    expect((await runCommand(['pin', '--check', '.'])).code).toBe(0);
    file('beside/pod.yaml', pod('app:1'));
    const { code, out } = await runCommand(['pin', '--check', '.']);
    expect({ code, out }).toEqual({ code: 1, out: 'beside/pod.yaml:8:12  unpinned  image "app:1" has no digest\n' });
  });

  test('is no yes to a file by name that holds nothing it knows', async () => {
    file('values.yaml', 'image: nginx:1.27\n');
    const { code, note } = await runCommand(['pin', '--check', 'values.yaml']);
    expect(code).toBe(2);
    expect(note).toContain('values.yaml  error  no images to pin: ');
    expect((await runCommand(['pin', '--check', '.'])).code).toBe(0);
  });

  test('goes with no option that asks or writes', async () => {
    for (const option of ['--write', '--update']) {
      const { code, note } = await runCommand(['pin', '--check', option, '.']);
      expect({ code, note: note.includes('are both set; remove one of them') }).toEqual({ code: 2, note: true });
    }
  });
});

describe('pin --update', () => {
  const pinned = pod(`nginx:1.27@${OLD}`, `redis@${OLD}`, 'busybox:1');

  test('shows which tags have moved, and exits 1 until it is written', async () => {
    file('pod.yaml', pinned);
    const shown = await runPin(['pod.yaml'], { update: true });
    expect(shown.code).toBe(1);
    expect(shown.out).toContain(`-    image: nginx:1.27@${OLD}\n+    image: nginx:1.27@${NGINX}\n`);
    expect(shown.note).toBe(
      `pod.yaml:8:12  drifted  image "nginx:1.27@${OLD}": ${OLD} -> ${NGINX}
pod.yaml:10:12  notice  image "redis@${OLD}": it has no tag to look up
1 file, 3 images: 1 already pinned, 2 to pin; use --write to update the files
`,
    );
    expect((await runPin(['pod.yaml'], { update: true, write: true })).code).toBe(0);
    expect(read('pod.yaml')).toBe(
      pod(`nginx:1.27@${NGINX}`, `redis@${OLD}`, `busybox:1@${digestOf(`${HUB}/busybox:1`)}`),
    );
    expect((await runPin(['pod.yaml'], { update: true })).out).toBe('');
  });

  test('leaves pinned images alone without it', async () => {
    file('pod.yaml', pinned);
    const registry = fakeRegistry();
    await runPin(['pod.yaml'], {}, { registry });
    expect(registry.lookups).toEqual([`${HUB}/busybox:1`]);
  });
});

describe('pin --lock', () => {
  const NOW = Date.UTC(2026, 10, 24, 12);
  const LOCK = `# tidewaiter pin --lock: the digest of each tag when it was pinned.
version: 1
images:
  docker.io/library/nginx:1.27:
    digest: ${NGINX}
    mediaType: application/vnd.oci.image.index.v1+json
    time: "2026-11-24T12:00:00.000Z"
  r.io/a:2:
    digest: ${digestOf('r.io/a:2')}
    mediaType: application/vnd.oci.image.index.v1+json
    time: "2026-11-24T12:00:00.000Z"
`;

  test('contains the lookups, sorted, and lets another machine pin the same digests without lookups', async () => {
    file('pod.yaml', pod('r.io/a:2', 'nginx:1.27'));
    await runPin(['pod.yaml'], { write: true, lock: 'images.lock.yaml' }, { now: () => NOW });
    expect(read('images.lock.yaml')).toBe(LOCK);
    const pinned = read('pod.yaml');
    file('pod.yaml', pod('r.io/a:2', 'nginx:1.27'));
    const registry = fakeRegistry({ [`${HUB}/nginx:1.27`]: OLD, 'r.io/a:2': OLD });
    await runPin(['pod.yaml'], { write: true, lock: 'images.lock.yaml' }, { registry });
    expect({ text: read('pod.yaml'), lock: read('images.lock.yaml'), lookups: registry.lookups }).toEqual({
      text: pinned,
      lock: LOCK,
      lookups: [],
    });
  });

  test('is not written without --write, and is not read with --update', async () => {
    file('pod.yaml', pod('r.io/a:2', 'nginx:1.27'));
    file('lock.yaml', LOCK);
    const registry = fakeRegistry({ 'r.io/a:2': OLD });
    await runPin(['pod.yaml'], { update: true, lock: 'lock.yaml' }, { registry });
    expect({ lock: read('lock.yaml'), lookups: registry.lookups }).toEqual({
      lock: LOCK,
      lookups: ['r.io/a:2', `${HUB}/nginx:1.27`],
    });
    await runPin(['pod.yaml'], { update: true, write: true, lock: 'lock.yaml' }, { registry, now: () => NOW });
    expect(read('lock.yaml')).toBe(LOCK.replace(digestOf('r.io/a:2'), OLD));
  });

  test('has a notice if it does not exist and is not written', async () => {
    file('pod.yaml', pod('r.io/a:2'));
    const { note } = await runPin(['pod.yaml'], { lock: 'typo.yaml' }, { registry: fakeRegistry({ 'r.io/a:2': OLD }) });
    expect(note).toContain('typo.yaml  notice  the lock file does not exist (set by --lock), so each tag is looked up');
  });

  test('is JSON when its name ends so', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    await runPin(['pod.yaml'], { write: true, lock: 'lock.json' }, { now: () => NOW });
    expect(JSON.parse(read('lock.json'))).toEqual({
      version: 1,
      images: {
        'docker.io/library/nginx:1.27': {
          digest: NGINX,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          time: '2026-11-24T12:00:00.000Z',
        },
      },
    });
  });

  test.each([
    [
      'images: {}',
      'lock.yaml: expected a lock file with version: 1 and images, each with a digest, a mediaType, and a time\n',
    ],
    [
      'version: 1\nimages: {nginx: {}}',
      'lock.yaml:2:10: "nginx" is not a fully qualified image with a tag, such as docker.io/library/nginx:1.27\n',
    ],
    [
      'version: 1\nimages: {"nginx:1.27": {}}',
      'lock.yaml:2:10: "nginx:1.27" is not a fully qualified image with a tag, such as docker.io/library/nginx:1.27\n',
    ],
    [
      'version: 1\nimages:\n  r.io/a:1: {digest: x}',
      'lock.yaml:3:3: invalid "digest" (expected "sha256:" and 64 hex digits)\n',
    ],
  ])('refuses %j', async (text, note) => {
    file('pod.yaml', pod('nginx:1.27'));
    file('lock.yaml', text);
    expect(await runCommand(['pin', 'pod.yaml', '--lock', 'lock.yaml'])).toEqual({ code: 2, out: '', note });
  });
});

describe('pin --platform', () => {
  const registry = (): ReturnType<typeof fakeRegistry> =>
    fakeRegistry({}, [
      { os: 'linux', architecture: 'amd64', variant: undefined },
      { os: 'linux', architecture: 'arm64', variant: undefined },
    ]);

  test('takes images that are built for it, pinned ones too', async () => {
    file('pod.yaml', pod('nginx:1.27', `redis:7@${OLD}`));
    const asking = registry();
    const { code } = await runPin(['pod.yaml'], { platform: ['linux/amd64', 'linux/arm64/v8'] }, { registry: asking });
    expect({ code, lookups: asking.lookups }).toEqual({
      code: 0,
      lookups: [`${HUB}/nginx:1.27`, `platforms of ${HUB}/nginx@${NGINX}`, `platforms of ${HUB}/redis@${OLD}`],
    });
  });

  test('refuses others, and says for what they are built', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    const { code, out, note } = await runPin(
      ['pod.yaml'],
      { platform: ['linux/s390x', 'linux/arm64/v7'] },
      { registry: registry() },
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toContain(
      'image "nginx:1.27" cannot be pinned: it is not built for linux/s390x and linux/arm64/v7, only for linux/amd64, linux/arm64\n',
    );
  });

  test('refuses what is no platform', async () => {
    expect(await runCommand(['pin', '.', '--platform', 'linux'])).toMatchObject({
      code: 2,
      note: '--platform: expected OS/ARCHITECTURE[/VARIANT], for example linux/arm64, found "linux"\n',
    });
  });
});

describe('what cannot be pinned', () => {
  const CASES: readonly (readonly [name: string, text: string, message: string])[] = [
    [
      'a.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: &n nginx, image: *n}]}\n',
      'image "nginx" cannot be pinned: /spec/containers/0/name (line 4) shares its text through an anchor; write both values out',
    ],
    [
      'a.yaml',
      'apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: p}\nspec: {baseImage: quay.io/p/p, tag: v2}\n',
      'image "quay.io/p/p:v2" cannot be pinned: it is built from several fields or is part of a longer string; pin it by hand',
    ],
    [
      'kustomization.yaml',
      'images: [{name: a, newTag: 1.27}]\n',
      'image "a:1.27" cannot be pinned: "newTag" is a number; kustomize requires a string, so quote it',
    ],
    [
      'kustomization.yaml',
      'images:\n- name: f\n  newTag: >-\n    v2\n',
      'image "f:v2" cannot be pinned: "digest" cannot be inserted: "newTag" is not on a simple line; write it on a line of its own',
    ],
    [
      'kustomization.yaml',
      'images: [{name: a, newTag: b, tagSuffix: -c}]\n',
      'image "a:b" cannot be pinned: it has a "tagSuffix", so only kustomize knows the tag',
    ],
    [
      'values.yaml',
      'image: {repository: a, tag: 1.10}\n',
      'image "a:1.1" cannot be pinned: "tag" is a number; quote it',
    ],
    [
      'values.yaml',
      'image: {repository: a}\n',
      'image "a" cannot be pinned: the map has no "tag", so only the chart knows the version',
    ],
    ['values.yaml', 'image: {tag: a}\n', 'image ":a" cannot be pinned: the map has no "repository"'],
    [
      'values.yaml',
      'image: 5\n',
      'image "" cannot be pinned: expected a string, or a map with a repository, found a number',
    ],
    [
      'values.yaml',
      't: &t "1"\nimage:\n- {repository: a, tag: *t}\n- {repository: b, tag: *t}\n',
      'image "b:1" cannot be pinned: another image shares its text through an anchor (&name); write both images out',
    ],
    [
      'Dockerfile',
      'ARG B\nFROM ${B}\n',
      'image "${B}" cannot be pinned: ARG B has no default, so the image is known only at build time',
    ],
    ['Dockerfile', 'FROM ngi\\\nnx\n', 'image "nginx" cannot be pinned: it spans two lines; write it on one line'],
    [
      'Dockerfile',
      'FROM a:1@sha256:' + 'a'.repeat(64) + '\nCOPY --from=$X a b\n',
      'image "$X" cannot be pinned: it contains a variable, which Docker does not resolve here',
    ],
  ];
  test.each(CASES)('%s: %j', async (name, text, message) => {
    file(name, text);
    const { code, out } = await runPin([name], {
      output: 'json',
      helmImage: ['/image', '/image/*'].slice(text.includes('\n- {rep') ? 1 : 0, text.includes('\n- {rep') ? 2 : 1),
    });
    const { images } = JSON.parse(out) as { images: { state: string; message: string }[] };
    expect(code).toBe(2);
    expect(images.filter(({ state }) => state === 'failed').at(-1)?.message).toBe(message);
    expect(read(name)).toBe(text);
  });

  test.each([
    ['ARG V=1.27@' + OLD + '\nFROM nginx:$V\n', `nginx:1.27@${OLD}`],
    ['ARG B=nginx:1@' + OLD + '\nARG C=$B\nFROM ${C:-x}\n', `nginx:1@${OLD}`],
  ])('is pinned where the ARG of a Dockerfile is: %j', async (text, pinned) => {
    file('Dockerfile', text);
    const { code, out } = await runPin(['Dockerfile'], { output: 'json' });
    expect({ code, images: (JSON.parse(out) as { images: unknown[] }).images }).toMatchObject({
      code: 0,
      images: [{ state: 'pinned', pinned }],
    });
  });
});

describe('pin --pull-secret', () => {
  test('hands the secrets of the files to the registry, and refuses files without any', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    file(
      'secret.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: regcred}\ntype: kubernetes.io/dockerconfigjson\n',
    );
    const given: unknown[] = [];
    const onSecrets = (names: unknown): void => void given.push(names);
    await runPin(['pod.yaml'], { pullSecret: ['secret.yaml'] }, { onSecrets });
    await runPin(['pod.yaml'], {}, { onSecrets });
    expect(given).toEqual([['regcred'], undefined]);
    expect(await runCommand(['pin', 'pod.yaml', '--pull-secret', 'pod.yaml'])).toMatchObject({
      code: 2,
      note: 'no Secret in pod.yaml (set by --pull-secret)\n',
    });
  });
});

describe('--only', () => {
  test.each<readonly [what: string, only: readonly string[], update: boolean, expected: readonly string[]]>([
    ['one name', ['nginx'], false, [`nginx:1.27@${NGINX}`, 'redis:7', `redis:7@${OLD}`]],
    ['a registry without images here', ['ghcr.io/**'], true, ['nginx:1.27', 'redis:7', `redis:7@${OLD}`]],
    [
      'updates',
      ['docker.io/library/redis'],
      true,
      ['nginx:1.27', `redis:7@${digestOf(`${HUB}/redis:7`)}`, `redis:7@${digestOf(`${HUB}/redis:7`)}`],
    ],
    ['several patterns', ['nginx:1.*', 'redis:8'], false, [`nginx:1.27@${NGINX}`, 'redis:7', `redis:7@${OLD}`]],
  ])('%s: other images are neither looked up nor changed', async (_what, only, update, expected) => {
    const images = ['nginx:1.27', 'redis:7', `redis:7@${OLD}`];
    file('pod.yaml', pod(...images));
    const registry = fakeRegistry();
    const { code } = await runPin(['pod.yaml'], { write: true, update, only }, { registry });
    expect(code).toBe(0);
    expect(read('pod.yaml')).toBe(pod(...expected));
    const changed = new Set(
      images.filter((image, index) => image !== expected[index]).map((image) => image.split('@')[0]),
    );
    expect(registry.lookups).toHaveLength(changed.size);
  });

  test('rejects what is no pattern', async () => {
    file('pod.yaml', pod('nginx:1.27'));
    await expect(runPin(['pod.yaml'], { only: ['UP*R/ x'] })).rejects.toThrow(/^--only: "UP\*R\/ x" is not a pattern/);
  });
});

test('a reference that ko builds is left, counted, and named', async () => {
  writeFileSync(
    'ko.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "ko://example.com/cmd/web"}]}\n---\napiVersion: caching.internal.knative.dev/v1alpha1\nkind: Image\nmetadata: {name: b}\nspec: {image: "ko://example.com/cmd/queue"}\n',
  );
  const { code, out, note } = await runCommand(['pin', 'ko.yaml', '--check']);
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(note).toContain(
    'ko.yaml:4:38  skipped  image "ko://example.com/cmd/web": ko builds this image, and writes its digest\n',
  );
  expect(note).toContain('1 file, 2 images: 0 already pinned, 2 skipped\n');
});

test.each([
  ['pin', 'missing.yaml', '--check'],
  ['drift', 'missing.yaml'],
])('%s counts a file that cannot be read, as check does', async (...argv) => {
  const counted = (text: string): string | undefined => /^(\d+ files?), /m.exec(text)?.[1];
  const { code, out, note } = await runCommand(argv);
  const checked = await runCommand(['check', 'missing.yaml']);
  expect({ code, files: counted(`${out}${note}`) }).toEqual({ code: 2, files: counted(checked.out) });
});
