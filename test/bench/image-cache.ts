/** What remembered answers of registries cost: time for one, and memory for more images than may be remembered. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { keyringOf } from '../../src/credential/keyring.ts';
import { pullSecret } from '../../src/credential/pull-secret.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import { atMost, type Outcome } from './outcome.ts';
import { nanoseconds } from './time.ts';
import type { RegistrySource } from '../../src/admission/context.ts';
import type { RegistryImage } from '../../src/policy/registry-fact.ts';
import { createRegistrySources } from '../../src/lookup/image-source.ts';

const ANSWER_GOAL_US = 5;
/** Of what 50,000 distinct images take: tables in the heap grow and shrink by steps. */
const PLATEAU_GOAL = 1.3;

const SETTINGS = { tagTtlMs: 60_000, digestTtlMs: 86_400_000, staleMaxMs: 604_800_000, maxImages: 20_000 };

/** A new digest for each image, as a registry has them. */
function clientWithDigests(): RegistryClient {
  let requests = 0;
  return {
    async manifest() {
      requests += 1;
      const digest = `sha256:${requests.toString(16).padStart(64, '0')}`;
      return { digest, mediaType: 'application/vnd.oci.image.index.v1+json', mirror: undefined };
    },
    details: () => Promise.reject(new Error('not asked here')),
  };
}

function sourceOf(): RegistrySource<RegistryImage> {
  return createRegistrySources({ client: clientWithDigests(), settings: SETTINGS, now: Date.now }).images;
}

function referenceOf(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
}

const AUTHS = { 'registry.example.com': { username: 'ci', password: 'example' } };
const SECRET = pullSecret({
  name: 'regcred',
  type: 'kubernetes.io/dockerconfigjson',
  data: new Map([['.dockerconfigjson', new TextEncoder().encode(JSON.stringify({ auths: AUTHS }))]]),
});

export async function measureImageCache(): Promise<readonly Outcome[]> {
  return [...(await answerCosts()), ...(await memoryCosts())];
}

async function answerCosts(): Promise<readonly Outcome[]> {
  const source = sourceOf();
  const reference = referenceOf('registry.example.com/shop/web:7');
  const keyring = keyringOf([SECRET]);
  const { signal } = new AbortController();
  const base = { reference, by: 'image', incompleteReason: undefined, staleMs: 0 } as const;
  const outcomes: Outcome[] = [];
  for (const isPrivate of [false, true]) {
    const candidates = isPrivate && keyring.ok ? keyring.candidatesFor(reference) : [];
    await source.lookUp({ ...base, candidates }, signal);
    const us = nanoseconds(() => source.lookUp({ ...base, candidates }, signal)) / 1000;
    outcomes.push({
      measure: `image cache: one remembered answer, ${isPrivate ? 'with a pull secret' : 'anonymous'}`,
      value: us,
      unit: 'us',
      goal: atMost(ANSWER_GOAL_US),
      detail: 'without a promise and without a request',
    });
  }
  return outcomes;
}

async function memoryCosts(): Promise<readonly Outcome[]> {
  const source = sourceOf();
  const { signal } = new AbortController();
  const before = heapMb();
  const shown: string[] = [];
  const atMb = new Map<number, number>();
  let requests = 0;
  for (const target of [20_000, 50_000, 100_000, 200_000]) {
    for (; requests < target; requests += 1) {
      const reference = referenceOf(
        `registry.example.com/team-${requests % 100}/some-service-name-${requests}:1.2.${requests}`,
      );
      await source.lookUp({ reference, by: 'image', candidates: [], incompleteReason: undefined, staleMs: 0 }, signal);
    }
    const mb = heapMb() - before;
    atMb.set(target, mb);
    shown.push(`${target / 1000}k: ${mb.toFixed(1)} MB`);
  }
  return [
    {
      measure: 'image cache: heap with 200,000 distinct images against 50,000',
      value: (atMb.get(200_000) ?? Number.NaN) / (atMb.get(50_000) ?? Number.NaN),
      unit: 'times',
      goal: atMost(PLATEAU_GOAL),
      detail: `${SETTINGS.maxImages} may be remembered; ${shown.join(', ')}`,
    },
  ];
}

function heapMb(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}
