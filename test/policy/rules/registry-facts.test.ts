/** Complete messages and remedies of rules about registries. */
import { describe, expect, test } from 'vitest';
import type { Facts } from '../../../src/policy/fact.ts';
import {
  REGISTRY_CAUSES,
  type RegistryCause,
  type RegistryDetails,
  type RegistryFact,
  type RegistryImage,
} from '../../../src/policy/registry-fact.ts';
import { RULES } from '../../../src/policy/rules/index.ts';
import { secretFor } from '../../credential/pull-secrets.ts';
import { findingsOf, pod, policyOf, read, requestFor, findingTexts } from '../fixtures.ts';

const D = `sha256:${'a'.repeat(64)}`;
const E = `sha256:${'e'.repeat(64)}`;
const NOW = Date.UTC(2026, 10, 24, 12);

const failed = (cause: RegistryCause, message: string, remedy?: string): RegistryFact<never> => ({
  state: cause === 'notFound' ? 'no' : 'unknown',
  failure: { cause, message, remedy },
});
const DENIED: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'not asked', remedy: undefined, deniedBy: { policy: 'p', rule: 'r' } },
};
const image = (digest: string, stale?: RegistryImage['stale']): RegistryFact<RegistryImage> => ({
  state: 'yes',
  value: { digest, mediaType: 'index', credential: 'anonymous', mirror: undefined, provesPull: true, stale },
});
const INDEX = 'application/vnd.oci.image.index.v1+json';
const details = (some: Partial<RegistryDetails>): RegistryFact<RegistryDetails> => ({
  state: 'yes',
  value: { digest: D, mediaType: INDEX, platforms: [], createdMs: undefined, sizeBytes: 1, ...some },
});

interface RegistryResults {
  readonly images?: RegistryFact<RegistryImage>;
  readonly tags?: RegistryFact<RegistryImage>;
  readonly details?: RegistryFact<RegistryDetails>;
}

/** Returns the findings for a Pod with one container or image volume; `?` marks an unknown result. */
function about(
  rule: string,
  text: string,
  results: RegistryResults,
  { spec = '', volume = false, now = NOW } = {},
): readonly string[] {
  const holder = volume
    ? `volumes: [{name: c, image: {reference: "${text}"}}]`
    : `containers: [{name: c, image: "${text}"}]`;
  const object = pod(`{${spec} ${holder}}`);
  const factsOf = <T>(fact: RegistryFact<T> | undefined): ReadonlyMap<string, RegistryFact<T>> =>
    new Map(fact === undefined ? [] : [[object.containers[0]?.imagePointer ?? '', fact]]);
  const facts: Partial<Facts> = {
    registryImages: factsOf(results.images),
    registryTags: factsOf(results.tags),
    registryDetails: factsOf(results.details),
    now: now === 0 ? { state: 'unknown', reason: 'nobody knows the time' } : { state: 'yes', value: now },
  };
  const findings = findingsOf([policyOf(`{rules: [${rule}]}`)], requestFor(object), facts);
  const sentences = findingTexts(findings);
  return findings.map(({ outcome }, index) => `${outcome === 'unknown' ? '? ' : ''}${sentences[index]}`);
}

const NAMED = RULES.filter(({ needs }) => needs.some((need) => need.startsWith('registry'))).map(({ name }) => name);

test.each(NAMED)('%s needs registry facts', (name) => {
  expect([
    'image-age',
    'image-digest',
    'image-exists',
    'image-platform',
    'mirror-differs',
    'pull-secret-coverage',
  ]).toContain(name);
});

describe('image-exists', () => {
  const exists = (text: string, fact: RegistryFact<RegistryImage>, parameters = '{}'): readonly string[] =>
    about(`{rule: image-exists, parameters: ${parameters}}`, text, { images: fact });
  const LIMITED = failed('rateLimited', 'reg.io answered 429, retry in 30 s', 'wait');

  test('accepts an existing image, also from a cache', () => {
    expect(exists('reg.io/x:1', image(D))).toEqual([]);
    expect(
      exists('reg.io/x:1', image(D, { ageMs: 1000, failure: { cause: 'dns', message: 'm', remedy: undefined } })),
    ).toEqual([]);
  });

  test('reports a tag that does not exist and a digest that no longer exists', () => {
    expect(exists('reg.io/x:1', failed('notFound', 'reg.io has no such tag'))).toEqual([
      'c: image "reg.io/x:1" does not exist: reg.io has no such tag | push the image, or use a tag that exists',
    ]);
    expect(exists(`reg.io/x:1@${D}`, failed('notFound', 'reg.io has no such digest'))).toEqual([
      `c: the digest of image "reg.io/x:1@${D}" no longer exists: reg.io has no such digest | pin the current digest of the tag: tidewaiter pin --update FILE`,
    ]);
    expect(exists('reg.io/x:1', failed('notFound', 'gone', 'ask Ann'))).toEqual([
      'c: image "reg.io/x:1" does not exist: gone | ask Ann',
    ]);
  });

  test.each(REGISTRY_CAUSES.filter((cause) => cause !== 'notFound'))('is unknown for the cause %s', (cause) => {
    expect(exists('reg.io/x:1', failed(cause, 'reg.io answered'))).toEqual([
      '? c: cannot determine whether image "reg.io/x:1" can be pulled: reg.io answered | -',
    ]);
  });

  test('applies the outcome that the policy sets for each cause', () => {
    expect(exists('reg.io/x:1', LIMITED)).toEqual([
      '? c: cannot determine whether image "reg.io/x:1" can be pulled: reg.io answered 429, retry in 30 s | wait',
    ]);
    expect(exists('reg.io/x:1', LIMITED, '{onCause: {rateLimited: ignore}}')).toEqual([]);
    expect(exists('reg.io/x:1', LIMITED, '{onCause: {rateLimited: violation}}')).toEqual([
      'c: image "reg.io/x:1" cannot be pulled: reg.io answered 429, retry in 30 s | wait',
    ]);
    const gone = failed('notFound', 'gone');
    expect(exists('reg.io/x:1', gone, '{onCause: {notFound: unknown}}')).toEqual([
      '? c: cannot determine whether image "reg.io/x:1" can be pulled: gone | -',
    ]);
    expect(exists('reg.io/x:1', gone, '{onCause: {notFound: ignore, forbidden: violation}}')).toEqual([]);
  });

  test('ignores an image that a policy denies, and is unknown if no registry was queried', () => {
    expect(exists('reg.io/x:1', DENIED, '{onCause: {blocked: violation}}')).toEqual([]);
    expect(about('{rule: image-exists}', 'reg.io/x:1', {})).toEqual([
      '? c: cannot determine whether image "reg.io/x:1" can be pulled: no registry was queried | -',
    ]);
  });
});

describe('image-digest with drift', () => {
  const rule = '{rule: image-digest, parameters: {drift: true}}';
  const PIN = 'to use the newer build, run tidewaiter pin --update FILE';
  const drift = (tags: RegistryFact<RegistryImage>, text = `reg.io/x:1@${D}`): readonly string[] =>
    about(rule, text, { tags });

  test('compares the current digest of the tag with the digest', () => {
    expect(drift(image(D))).toEqual([]);
    expect(drift(image(E))).toEqual([
      `c: image "reg.io/x:1@${D}" is pinned to ${D}, but tag "1" now points to ${E} | ${PIN}`,
    ]);
    expect(drift(failed('notFound', 'reg.io has no such tag'))).toEqual([
      `c: image "reg.io/x:1@${D}" is pinned, but tag "1" no longer exists: reg.io has no such tag | ${PIN}`,
    ]);
  });

  test('is unknown if the lookup fails, or if the digest is cached or has another algorithm', () => {
    const doubt = `? c: cannot determine whether the tag of image "reg.io/x:1@${D}" still points to its digest: `;
    expect(drift(failed('timeout', 'reg.io: no answer'))).toEqual([`${doubt}reg.io: no answer | -`]);
    const failure = { cause: 'serverError', message: 'reg.io answered 503', remedy: undefined } as const;
    expect(drift(image(E, { ageMs: 1, failure }))).toEqual([
      `${doubt}the cached digest is old: reg.io answered 503 | -`,
    ]);
    const long = `reg.io/x:1@sha512:${'b'.repeat(128)}`;
    expect(drift(image(D), long)).toEqual([
      `? c: cannot determine whether the tag of image "${long.slice(0, 200)}" still points to its digest: the registry returned ${D} | -`.replace(
        long.slice(0, 200),
        long.length > 200 ? `${long.slice(0, 200)}…` : long,
      ),
    ]);
    expect(drift(DENIED)).toEqual([]);
  });

  test('looks up only images with a tag and a digest', () => {
    expect(about(rule, `reg.io/x@${D}`, {})).toEqual([]);
    expect(about(rule, 'reg.io/x:1', {})).toEqual([
      'c: image "reg.io/x:1" has no digest, so its content can change | pin the image: reg.io/x:1@sha256:… (tidewaiter pin FILE --write adds the digest)',
    ]);
    expect(about('{rule: image-digest}', `reg.io/x:1@${D}`, { tags: image(E) })).toEqual([]);
  });

  test('needs facts only with drift', () => {
    const checkOf = (parameters: string) =>
      policyOf(`{rules: [{rule: image-digest, parameters: ${parameters}}]}`).bindings[0]?.check;
    expect(checkOf('{}')).toMatchObject({ needs: [], imagesOnly: true });
    expect(checkOf('{drift: true}')).toMatchObject({ needs: ['registryTags'], imagesOnly: false });
  });
});

describe('image-age', () => {
  const age = (parameters: string, createdMs: number | undefined, now = NOW): readonly string[] =>
    about(`{rule: image-age, parameters: ${parameters}}`, 'reg.io/x:1', { details: details({ createdMs }) }, { now });
  const DAY = 86_400_000;

  test.each<[string, number, readonly string[]]>([
    ['{maxAgeDays: 90}', NOW - 90 * DAY, []],
    [
      '{maxAgeDays: 90}',
      NOW - 90 * DAY - 1,
      [
        'c: image "reg.io/x:1" was built on 2026-08-26, 90 days ago | rebuild the image; it must be at most 90 days old',
      ],
    ],
    [
      '{minAgeDays: 1}',
      NOW - DAY + 1,
      ['c: image "reg.io/x:1" was built on 2026-11-23, 0 days ago | wait until the image is at least 1 day old'],
    ],
    ['{minAgeDays: 1}', NOW - DAY, []],
    ['{minAgeDays: 1, maxAgeDays: 1}', NOW - DAY, []],
    // A slow clock.
    [
      '{minAgeDays: 1}',
      NOW + 1000,
      ['c: image "reg.io/x:1" was built on 2026-11-24, 0 days ago | wait until the image is at least 1 day old'],
    ],
    ['{maxAgeDays: 1}', NOW + 1000, []],
    ['{createdAfter: "2026-01-01"}', Date.UTC(2026, 0, 1), []],
    [
      '{createdAfter: "2026-01-01"}',
      Date.UTC(2026, 0, 1) - 1,
      ['c: image "reg.io/x:1" was built on 2025-12-31 | use an image built on or after 2026-01-01'],
    ],
    ['{createdBefore: "2026-01-01"}', Date.UTC(2026, 0, 1) - 1, []],
    [
      '{createdBefore: "2026-01-01"}',
      Date.UTC(2026, 0, 1),
      ['c: image "reg.io/x:1" was built on 2026-01-01 | use an image built before 2026-01-01'],
    ],
  ])('with %s checks age %d', (parameters, createdMs, sentences) => {
    expect(age(parameters, createdMs)).toEqual(sentences);
  });

  test.each<[string, number | undefined, string]>([
    ['no date', undefined, 'when image "reg.io/x:1" was built: it has no creation date'],
    ['the beginning of 1970', 0, 'when image "reg.io/x:1" was built: its creation date is 1970-01-01, a placeholder'],
    [
      '1980, as archives have it',
      Date.UTC(1980, 0, 1, 0, 0, 1),
      'when image "reg.io/x:1" was built: its creation date is 1980-01-01, a placeholder',
    ],
    [
      'the year 1',
      Date.parse('0001-01-01T00:00:00Z'),
      'when image "reg.io/x:1" was built: its creation date is 0001-01-01, a placeholder',
    ],
    [
      'a day that is still to come',
      NOW + 2 * DAY,
      'how old image "reg.io/x:1" is: its creation date 2026-11-26 is in the future',
    ],
  ])('is unknown for %s', (_what, createdMs, doubt) => {
    expect(age('{maxAgeDays: 30}', createdMs)).toEqual([
      `? c: cannot determine ${doubt} | use an image with a creation date`,
    ]);
  });

  test('is unknown without a clock, except for fixed dates', () => {
    const made = Date.UTC(2020, 0, 1);
    expect(age('{maxAgeDays: 30}', made, 0)).toEqual([
      '? c: cannot determine how old image "reg.io/x:1" is: nobody knows the time | -',
    ]);
    expect(age('{createdAfter: "2019-01-01"}', made, 0)).toEqual([]);
  });

  test('is unknown if the lookup fails or the image does not exist', () => {
    const rule = '{rule: image-age, parameters: {maxAgeDays: 1}}';
    expect(about(rule, 'reg.io/x:1', { details: failed('notFound', 'reg.io has no such tag') })).toEqual([
      '? c: cannot determine when image "reg.io/x:1" was built: reg.io has no such tag | -',
    ]);
    expect(about(rule, 'reg.io/x:1', { details: DENIED })).toEqual([]);
  });

  test.each<[string, string]>([
    ['{createdAfter: "2026-02-30"}', '/createdAfter: "2026-02-30" is not a valid date'],
    [
      '{createdAfter: "2026-02-02", createdBefore: "2026-02-02"}',
      '/createdBefore: must be later than createdAfter; no image would pass',
    ],
    ['{minAgeDays: 2, maxAgeDays: 1}', '/minAgeDays: must not exceed maxAgeDays; no image would pass'],
  ])('refuses %s', (parameters, fault) => {
    const result = read(`{rules: [{rule: image-age, parameters: ${parameters}}]}`);
    expect(result.ok ? [] : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`)).toEqual([
      `/spec/rules/0/parameters${fault}`,
    ]);
  });

  test('needs the clock only for relative ages', () => {
    const needsOf = (parameters: string) => [
      ...policyOf(`{rules: [{rule: image-age, parameters: ${parameters}}]}`).needs,
    ];
    expect(needsOf('{createdAfter: "2026-01-01"}')).toEqual(['registryDetails']);
    expect(needsOf('{minAgeDays: 2}')).toEqual(['registryDetails', 'now']);
  });
});

describe('image-platform', () => {
  const REMEDY = 'select matching nodes with nodeSelector';

  const AMD = { os: 'linux', architecture: 'amd64', variant: undefined };
  const ARM = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const both = '{rule: image-platform, parameters: {platforms: [linux/amd64, linux/arm64]}}';
  const own = '{rule: image-platform}';
  const made = (...platforms: RegistryDetails['platforms']): RegistryResults => ({ details: details({ platforms }) });
  const selecting = (arch: string): { readonly spec: string } => ({
    spec: `nodeSelector: {kubernetes.io/arch: ${arch}},`,
  });

  test('requires the platforms of the nodes', () => {
    expect(about(both, 'reg.io/x:1', made(AMD, ARM))).toEqual([]);
    expect(about(both, 'reg.io/x:1', made(AMD))).toEqual([
      `c: image "reg.io/x:1" is not built for linux/arm64 | build it for the missing platforms (it has linux/amd64), or ${REMEDY}`,
    ]);
  });

  test('requires those platforms that the Pod allows, or else the platforms that it selects', () => {
    expect(about(both, 'reg.io/x:1', made(AMD), selecting('amd64'))).toEqual([]);
    expect(about(both, 'reg.io/x:1', made(AMD, ARM), selecting('s390x'))).toEqual([
      `c: image "reg.io/x:1" is not built for linux/s390x | build it for the missing platforms (it has linux/amd64, linux/arm64/v8), or ${REMEDY}`,
    ]);
  });

  test('requires only the platforms that Pods select if the parameter is absent', () => {
    expect(about(own, 'reg.io/x:1', {})).toEqual([]);
    expect(about(own, 'reg.io/x:1', made(AMD), selecting('amd64'))).toEqual([]);
    expect(about(own, 'reg.io/x:1', made(AMD), selecting('arm64'))).toEqual([
      `c: image "reg.io/x:1" is not built for linux/arm64 | build it for the missing platforms (it has linux/amd64), or ${REMEDY}`,
    ]);
    expect(about(own, 'reg.io/x:1', made(AMD), { spec: 'os: {name: windows},' })).toEqual([
      `c: image "reg.io/x:1" is not built for windows | build it for the missing platforms (it has linux/amd64), or ${REMEDY}`,
    ]);
    expect(about(own, 'reg.io/x:1', made(AMD), { spec: 'os: {name: linux},' })).toEqual([]);
  });

  test('checks a mounted image only if it is an index', () => {
    expect(about(both, 'reg.io/x:1', made(AMD), { volume: true })).toHaveLength(1);
    const single = { details: details({ platforms: [AMD], mediaType: 'application/vnd.oci.image.manifest.v1+json' }) };
    expect(about(both, 'reg.io/x:1', single, { volume: true })).toEqual([]);
    expect(about(both, 'reg.io/x:1', single)).toHaveLength(1);
  });

  test('is unknown if the image has no platform, or if the Pod selects too many platforms', () => {
    expect(about(both, 'reg.io/x:1', made())).toEqual([
      '? c: cannot determine which platforms image "reg.io/x:1" is built for: it does not specify a platform | use an image that specifies its platform',
    ]);
    expect(about(both, 'reg.io/x:1', { details: failed('dns', 'reg.io is not known') })).toEqual([
      '? c: cannot determine which platforms image "reg.io/x:1" is built for: reg.io is not known | -',
    ]);
    const values = Array.from({ length: 17 }, (_, index) => `a${index}`).join(', ');
    const spec = `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [${values}]}]}]}}},`;
    expect(about(own, 'reg.io/x:1', made(AMD), { spec })).toEqual([
      '? c: cannot determine whether image "reg.io/x:1" is built for its nodes: the Pod selects more than 16 platforms | -',
    ]);
    expect(about(both, 'reg.io/x:1', { details: DENIED })).toEqual([]);
  });

  test('ignores attestations in an index', () => {
    const attestation = { os: 'unknown', architecture: 'unknown', variant: undefined };
    expect(about(both, 'reg.io/x:1', made(AMD, attestation))).toEqual([
      `c: image "reg.io/x:1" is not built for linux/arm64 | build it for the missing platforms (it has linux/amd64), or ${REMEDY}`,
    ]);
    expect(about(both, 'reg.io/x:1', made(attestation))).toEqual([
      '? c: cannot determine which platforms image "reg.io/x:1" is built for: it does not specify a platform | use an image that specifies its platform',
    ]);
  });

  test('quotes unusual platforms of an index', () => {
    const odd = { os: 'li\nnux', architecture: 'x', variant: undefined };
    expect(about(both, 'reg.io/x:1', made(odd))).toEqual([
      `c: image "reg.io/x:1" is not built for linux/amd64, linux/arm64 | build it for the missing platforms (it has "li\\u000anux/x"), or ${REMEDY}`,
    ]);
  });

  test('takes little time for large Pods and indexes', () => {
    const platforms = Array.from({ length: 15_000 }, (_, index) => ({ ...AMD, architecture: `a${index}` }));
    const containers = Array.from({ length: 10_000 }, (_, index) => `{name: c${index}, image: "reg.io/x:1"}`);
    const object = pod(`{nodeSelector: {kubernetes.io/arch: arm64}, containers: [${containers.join(', ')}]}`);
    const fact = details({ platforms });
    const registryDetails = new Map(object.containers.map(({ imagePointer }) => [imagePointer, fact]));
    expect(findingsOf([policyOf(`{rules: [${own}]}`)], requestFor(object), { registryDetails })).toHaveLength(10_000);
  });
});

interface Proving {
  readonly nodes?: string;
  readonly servers?: readonly string[];
  readonly away?: boolean;
  readonly from?: 'pod' | 'node';
}

describe('pull-secret-coverage with prove', () => {
  const prove = (
    images: RegistryFact<RegistryImage> | undefined,
    { nodes = 'nodeCredentials: [],', servers = ['reg.io'], away = false, from = 'pod' }: Proving = {},
  ): readonly string[] => {
    const object = pod('{imagePullSecrets: [{name: a}, {name: b}], containers: [{name: c, image: "reg.io/x:1"}]}');
    const secrets = ['a', 'b'].map((name) => ({
      name,
      secret:
        away && name === 'b'
          ? ({ state: 'unknown', reason: 'Secret "b" is away' } as const)
          : ({ state: 'yes', value: secretFor(name, ...servers) } as const),
    }));
    const facts: Partial<Facts> = {
      pullSecrets: new Map(
        object.pods.map(({ pointer }) => [
          pointer,
          { from, serviceAccount: 's', secrets: { state: 'yes', value: secrets } },
        ]),
      ),
      registryImages: new Map(images === undefined ? [] : [[object.containers[0]?.imagePointer ?? '', images]]),
    };
    const policy = policyOf(`{rules: [{rule: pull-secret-coverage, parameters: {${nodes} prove: true}}]}`);
    const findings = findingsOf([policy], requestFor(object), facts);
    const sentences = findingTexts(findings);
    return findings.map(({ outcome }, index) => `${outcome === 'unknown' ? '? ' : ''}${sentences[index]}`);
  };
  const REFUSED = failed('unauthenticated', 'reg.io answered 401');
  const NONE =
    'c: no credential can pull image "reg.io/x:1": pull secret "a", entry "reg.io" (user "reg.io"), pull secret "b", entry "reg.io" (user "reg.io") (reg.io answered 401)';
  const RENEW = 'renew the credential in the pull secret, or grant its user pull access';

  test('accepts an image that the registry accepts, regardless of the Secrets', () => {
    expect(prove(image(D))).toEqual([]);
    expect(prove(image(D), { servers: ['other.io'] })).toEqual([]);
  });

  test('reports the credentials that the registry rejects', () => {
    expect(prove(REFUSED)).toEqual([`${NONE} | ${RENEW}`]);
    expect(prove(failed('forbidden', 'reg.io answered 403'))).toEqual([`${NONE.replace('401', '403')} | ${RENEW}`]);
  });

  test.each(['unauthenticated', 'forbidden'] as const)('names each credential once: %s', (cause) => {
    const message = 'reg.io rejects it; tried with pull secret "a", key "reg.io" (user reg.io)';
    const failure = { cause, message, remedy: undefined, namesCredentials: true } as const;
    const refused = `c: no credential can pull image "reg.io/x:1": ${message}`;
    expect(prove({ state: 'unknown', failure })).toEqual([`${refused} | ${RENEW}`]);
    expect(prove({ state: 'unknown', failure }, { nodes: '' })).toEqual([
      `? ${refused} (nodes may have their own credentials) | ${RENEW}`,
    ]);
  });

  test.each([
    ['unauthenticated', 'reg.io answered 401 and wants Negotiate'],
    ['forbidden', 'storage.io, where reg.io redirects to, answered 403'],
  ] as const)('blames no credential that was not judged: %s, %s', (cause, message) => {
    const fact: RegistryFact<never> = {
      state: 'unknown',
      failure: { cause, message, remedy: undefined, credentialUntested: true },
    };
    expect(prove(fact)).toEqual([
      `? c: cannot determine whether a credential can pull image "reg.io/x:1": ${message} | -`,
    ]);
  });

  test('is unknown if nodes or an unknown Secret can have other credentials', () => {
    expect(prove(REFUSED, { nodes: '' })).toEqual([`? ${NONE} (nodes may have their own credentials) | ${RENEW}`]);
    expect(prove(REFUSED, { away: true })).toEqual([
      `? ${NONE.replace(/, pull secret "b".*?\) \(/, ' (')}, but there may be others: Secret "b" is away | ${RENEW}`,
    ]);
  });

  test('reports a missing match as without prove', () => {
    expect(prove(REFUSED, { servers: ['other.io'] })).toEqual([
      'c: no credential matches image "reg.io/x:1": no entry in pull secrets "a", "b" matches | add an entry for "reg.io" (found entries for "other.io", "other.io")',
    ]);
  });

  test.each<[string, RegistryFact<never>]>([
    ['trouble', failed('serverError', 'reg.io answered 503')],
    ['no such image', failed('notFound', 'reg.io answered 503')],
  ])('is unknown for %s', (_what, fact) => {
    expect(prove(fact)).toEqual([
      '? c: cannot determine whether a credential can pull image "reg.io/x:1": reg.io answered 503 | -',
    ]);
  });

  test('ignores images of mirror pods and images that a policy denies', () => {
    expect(prove(REFUSED, { from: 'node' })).toEqual([]);
    expect(prove(DENIED)).toEqual([]);
    expect(prove(undefined)).toEqual([]);
  });

  test('needs registry facts only with prove', () => {
    const needsOf = (parameters: string) => [
      ...policyOf(`{rules: [{rule: pull-secret-coverage, parameters: ${parameters}}]}`).needs,
    ];
    expect(needsOf('{}')).toEqual(['pullSecrets']);
    expect(needsOf('{prove: true}')).toEqual(['pullSecrets', 'registryImages']);
  });
});
