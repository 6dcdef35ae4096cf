/** Recordings of random traffic, for property tests. */
import fc from 'fast-check';
import type { RecordedFacts, RecordedLookup } from '../../src/recording/facts.ts';
import type { RecordedRepeats, RecordedReview } from '../../src/recording/format.ts';
import { createReview } from '../support/review.ts';
import { recordedReview } from './lines.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

const AMD64 = { os: 'linux', architecture: 'amd64' };
const INDEX = 'application/vnd.oci.image.index.v1+json';

const IMAGES = [
  'registry.example.com/shop/web:1.4.2',
  `registry.example.com/shop/web:1.4.2@${DIGEST}`,
  'registry.example.com/shop/api:main',
  'ghcr.io/acme/tool:latest',
  'ghcr.io/acme/tool',
  `ghcr.io/other/x@${DIGEST}`,
  'nginx:1.27',
  'nginx',
  'docker.io/bitnami/redis:edge',
  'quay.io/single:prod',
  // Invalid references, and texts that YAML and patterns could misread.
  'Not An Image',
  '',
  'registry.example.com/**',
  "evil'\n# - rule: image-registry\u2028: x",
];

/** The last ones are no names of namespaces; a policy would read one of them as a glob. */
const NAMESPACES = ['shop', 'ci', 'legacy', 'payments', 'kube-system', 'sh*p', 'a: b\n# c', ''];

const NAMES = ['web', 'api', '# x\n- y: z', '"\\\u0007'];

const SOURCES = ['namespaces', 'secrets', 'serviceAccounts', 'images', 'imageDetails'] as const;

const images = fc.array(fc.constantFrom(...IMAGES), { minLength: 1, maxLength: 3 });

/** Facts of a server that looked up everything, some of it, or nothing. */
const facts: fc.Arbitrary<RecordedFacts> = fc.oneof(
  fc.constant<RecordedFacts>({ sources: [] }),
  fc.record({
    sources: fc.constantFrom([...SOURCES], ['secrets', 'serviceAccounts'] as const),
    serviceAccounts: fc.constant([
      { name: 'default', fact: { state: 'yes', value: ['regcred'] } },
    ] as const satisfies RecordedFacts['serviceAccounts']),
    pullSecrets: fc.constantFrom<RecordedFacts['pullSecrets']>(
      undefined,
      [{ name: 'regcred', fact: { state: 'no' } }],
      [{ name: 'regcred', fact: { state: 'unknown', reason: 'the API server is unavailable' } }],
      [
        {
          name: 'regcred',
          fact: {
            state: 'yes',
            value: {
              type: 'kubernetes.io/dockerconfigjson',
              keys: ['.dockerconfigjson'],
              bytes: 100,
              contents: {
                state: 'read',
                key: '.dockerconfigjson',
                entries: [{ server: 'registry.example.com', user: 'user-1', password: 'other' }],
              },
            },
          },
        },
      ],
    ),
    registry: fc.subarray(lookups()),
  }),
);

function lookups(): RecordedLookup[] {
  const digest = {
    state: 'yes',
    value: { digest: DIGEST, mediaType: INDEX, credential: 'anonymous', provesPull: true },
  } as const;
  const details = {
    state: 'yes',
    value: { digest: DIGEST, mediaType: INDEX, platforms: [AMD64], createdMs: Date.UTC(2027, 0, 1), sizeBytes: 1 },
  } as const;
  return ['nginx:1.27', 'nginx:latest'].flatMap((name): RecordedLookup[] => {
    const image = `docker.io/library/${name}`;
    const asked = { by: 'image', image, credentials: [] } as const;
    return [
      { source: 'images', ...asked, fact: digest },
      { source: 'imageDetails', ...asked, fact: details },
    ];
  });
}

interface Traffic {
  readonly images: readonly string[];
  readonly stored: readonly string[] | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly facts: RecordedFacts;
  readonly endpoint: 'validate' | 'mutate';
  readonly allowed: boolean;
  readonly isMalformed: boolean;
  readonly secrets: boolean;
  readonly day: number;
  readonly repeats: number;
}

const traffic: fc.Arbitrary<Traffic> = fc.record({
  images,
  stored: fc.option(images, { nil: undefined }),
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom(...NAMES),
  facts,
  endpoint: fc.constantFrom('validate', 'validate', 'validate', 'mutate'),
  allowed: fc.constantFrom(true, true, true, false),
  isMalformed: fc.constantFrom(...Array.from({ length: 20 }, () => false), true),
  secrets: fc.boolean(),
  day: fc.integer({ min: 1, max: 28 }),
  repeats: fc.nat(3),
});

/** The lines of a recording. */
export const recordings: fc.Arbitrary<readonly (RecordedReview | RecordedRepeats)[]> = fc
  .array(traffic, { minLength: 1, maxLength: 12 })
  .map((list) => list.flatMap((one, index) => linesOf(one, index)));

function linesOf(one: Traffic, index: number): readonly (RecordedReview | RecordedRepeats)[] {
  const { stored, namespace, endpoint, allowed, day, repeats } = one;
  const id = `a-${index}`;
  const time = timeOf(day);
  const base = createReview(podOf(one, one.images)) as { readonly request: object };
  const update = stored && { operation: 'UPDATE', oldObject: podOf({ ...one, isMalformed: false }, stored) };
  const review = { ...base, request: { ...base.request, namespace, ...update } };
  const line = recordedReview({ id, time, endpoint, review, facts: one.facts, response: { allowed } });
  if (repeats === 0) return [line];
  const { format } = line;
  return [line, { format, type: 'repeats', of: id, count: repeats, first: time, last: timeOf(day + 1), dropped: 0 }];
}

function timeOf(day: number): string {
  return new Date(Date.UTC(2027, 1, day, 12)).toISOString();
}

function podOf({ name, namespace, secrets, isMalformed }: Traffic, list: readonly string[]): object {
  const containers = list.map((image, index) => ({ name: `c${index}`, image }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      containers: isMalformed ? 'none' : containers,
      ...(secrets ? { imagePullSecrets: [{ name: 'regcred' }] } : {}),
    },
  };
}
