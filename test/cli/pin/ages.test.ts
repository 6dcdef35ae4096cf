/** `pin --update` with --max-age and --min-age. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import {
  digestOf,
  fakeRegistry,
  type FakeRegistry,
  type LookupResult,
  NOT_FOUND,
  RATE_LIMITED,
  runPin,
} from '../../support/pin-registry.ts';

inOwnFolders('pin-ages');

const HUB = 'docker.io/library';
const NGINX = digestOf(`${HUB}/nginx:1.27`);
const OLD = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);
const LIMIT = { text: '30d', ms: 30 * DAY_MS };

function file(name: string, ...images: readonly string[]): void {
  const containers = images.map((image, at) => `  - {name: c${at}, image: "${image}"}\n`).join('');
  writeFileSync(name, `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n${containers}`);
}

/** The days since the build, or the creation date, or a failure, by digest. */
type Ages = Readonly<Record<string, number | 'none' | Exclude<LookupResult, string>>>;

function registryWith(ages: Ages, table: Parameters<typeof fakeRegistry>[0] = {}): FakeRegistry {
  const registry = fakeRegistry(table);
  return {
    ...registry,
    async platformsOf(reference, signal) {
      const fact = await registry.platformsOf(reference, signal);
      const age = ages[reference.digest ?? ''] ?? 'none';
      if (typeof age === 'object') return age;
      const createdMs = age === 'none' ? undefined : NOW - age * DAY_MS;
      return fact.state === 'yes' ? { ...fact, value: { ...fact.value, createdMs } } : fact;
    },
  };
}

const run = (registry: FakeRegistry, flags: Parameters<typeof runPin>[1]): ReturnType<typeof runPin> =>
  runPin(['pod.yaml'], { update: true, write: true, ...flags }, { registry, now: () => NOW });

const read = (): string => readFileSync('pod.yaml', 'utf8');

describe('--max-age', () => {
  test.each<[string, Ages[string], boolean]>([
    ['is younger', 29, false],
    ['is exactly as old', 30, false],
    ['is older', 31, true],
    ['was built tomorrow, by a clock that is fast', -0.5, false],
    ['states a date in the future', -2, true],
    ['states no date', 'none', true],
    ['states the date of a reproducible build', NOW / DAY_MS, true],
    ['no longer exists', NOT_FOUND as Ages[string], true],
    ['cannot be looked up', RATE_LIMITED as Ages[string], true],
  ])('decides by the pinned image, which %s', async (_name, age, isUpdated) => {
    file('pod.yaml', `nginx:1.27@${OLD}`);
    const registry = registryWith({ [OLD]: age });
    const { code, note } = await run(registry, { maxAge: LIMIT });
    expect({ code, notices: note.includes('notice') }).toEqual({ code: 0, notices: false });
    expect(read()).toContain(`nginx:1.27@${isUpdated ? NGINX : OLD}`);
    expect(registry.lookups.includes(`${HUB}/nginx:1.27`)).toBe(isUpdated);
  });

  test('looks up only pinned images that --only selects, and pins the others', async () => {
    file(
      'pod.yaml',
      `nginx:1.27@${OLD}`,
      `ghcr.io/acme/web:1@${OLD}`,
      'ghcr.io/acme/api:1',
      `ghcr.io/acme/tool@${OLD}`,
    );
    const registry = registryWith({ [OLD]: 3 });
    await run(registry, { maxAge: LIMIT, only: ['ghcr.io/acme/**'] });
    expect(registry.lookups.toSorted()).toEqual([
      'ghcr.io/acme/api:1',
      `platforms of ghcr.io/acme/tool@${OLD}`,
      `platforms of ghcr.io/acme/web@${OLD}`,
    ]);
    expect(read()).toContain(`ghcr.io/acme/api:1@${digestOf('ghcr.io/acme/api:1')}`);
  });
});

describe('--min-age', () => {
  test.each<[string, Ages[string], string | undefined]>([
    ['is younger', 29, 'it was built on 2026-05-03'],
    ['is exactly as old', 30, undefined],
    ['is older', 31, undefined],
    ['states no date', 'none', 'it states no valid build date'],
    ['states a date in the future', -2, 'it states no valid build date'],
    ['states the date of a reproducible build', NOW / DAY_MS, 'it states no valid build date'],
    ['cannot be looked up', RATE_LIMITED as Ages[string], 'its age is unknown: registry.example.com answered 429'],
  ])('decides by the new image, which %s', async (_name, age, why) => {
    file('pod.yaml', `nginx:1.27@${OLD}`);
    const { code, note } = await run(registryWith({ [OLD]: 99, [NGINX]: age }), { minAge: LIMIT });
    expect(code).toBe(0);
    expect(read()).toContain(`nginx:1.27@${why === undefined ? NGINX : OLD}`);
    const waits = `notice  image "nginx:1.27@${OLD}": the update to ${NGINX} waits, because ${why}`;
    expect(note.includes(why === undefined ? 'waits' : waits)).toBe(why !== undefined);
    expect(note.includes('(--min-age 30d)')).toBe(why !== undefined);
  });

  test('decides for each tag, and pins images without a digest', async () => {
    file('pod.yaml', `nginx:1.27@${OLD}`, `nginx:1@${OLD}`, 'nginx:1.27');
    const registry = registryWith({ [NGINX]: 1, [OTHER]: 99 }, { [`${HUB}/nginx:1`]: OTHER });
    await run(registry, { minAge: LIMIT });
    expect([...read().matchAll(/"(.*)"/g)].map(([, image]) => image)).toEqual([
      `nginx:1.27@${OLD}`,
      `nginx:1@${OTHER}`,
      `nginx:1.27@${NGINX}`,
    ]);
  });

  test('lets a digest that waits stay in the lock file', async () => {
    file('pod.yaml', `nginx:1.27@${OLD}`, 'redis:7');
    await run(registryWith({ [NGINX]: 1 }), { minAge: LIMIT, lock: 'lock.yaml' });
    const lock = readFileSync('lock.yaml', 'utf8');
    expect({ waits: lock.includes('nginx'), pinned: lock.includes('redis:7') }).toEqual({ waits: false, pinned: true });
  });

  test('goes with --max-age, and with kustomizations that rename images', async () => {
    file('pod.yaml', `app:1@${OLD}`, `other:1@${OTHER}`);
    writeFileSync('kustomization.yaml', 'resources: [pod.yaml]\nimages:\n- {name: app, newName: r.io/app}\n');
    const [app, other] = [digestOf('r.io/app:1'), digestOf(`${HUB}/other:1`)];
    const registry = registryWith({ [OLD]: 99, [OTHER]: 3, [app]: 5, [other]: 5 });
    const flags = { maxAge: LIMIT, update: true, write: true };
    const options = { registry, now: () => NOW };
    await runPin(['.'], { ...flags, minAge: LIMIT }, options);
    expect([...read().matchAll(/"(.*)"/g)].map(([, image]) => image)).toEqual([`app:1@${OLD}`, `other:1@${OTHER}`]);
    await runPin(['.'], flags, options);
    expect([...read().matchAll(/"(.*)"/g)].map(([, image]) => image)).toEqual([`app:1@${app}`, `other:1@${OTHER}`]);
  });
});

test.each([
  [['--max-age', '30d'], '--max-age requires --update; without it, digests stay as they are'],
  [
    ['--update', '--min-age', '3'],
    '--min-age: invalid value "3" (expected hours, days, or weeks, for example 12h, 30d, or 4w)',
  ],
  [['--update', '--max-age', '0d'], 'expected hours, days, or weeks'],
  [['--update', '--max-age', '-1d'], 'expected hours, days, or weeks'],
])('pin %j is an error', async (args, message) => {
  file('pod.yaml', 'nginx:1.27');
  const { code, note } = await runCommand(['pin', 'pod.yaml', ...args]);
  expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) as string });
});
