/** Rules that look up images, and a registry that records its lookups. */
import type { ImageLookup, RegistrySources, World } from '../../src/admission/context.ts';
import type { Facts } from '../../src/policy/fact.ts';
import type { RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { defineRule, type Rule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import {
  REGISTRY_NEEDS,
  REGISTRY_SOURCE_NAMES,
  REGISTRY_SOURCES,
  type RegistryNeed,
} from '../../src/policy/registry-questions.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Reports the fact about each container in scope. */
function tellRule(need: RegistryNeed): Rule {
  return defineRule({
    name: `tell-${need}`,
    description: 'For tests',
    parameters: { type: 'object', additionalProperties: false, properties: {} },
    needs: [need],
    prepare: () => ({ ok: true, value: undefined }),
    check: ({ containers, facts }) =>
      containers.map((container) => ({
        state: 'violation',
        container,
        pointer: container.imagePointer,
        message: spelled(facts, need, container.imagePointer),
      })),
  });
}

function spelled<N extends RegistryNeed>(facts: Pick<Facts, N>, need: N, pointer: string): string {
  const fact = facts[need].get(pointer);
  if (fact === undefined) return 'nothing';
  if (fact.state === 'yes') return 'digest' in fact.value ? fact.value.digest : JSON.stringify(fact.value);
  return `${fact.state} ${fact.failure.cause}: ${fact.failure.message}`;
}

/** Looks up only images of `*.example.com`. */
const pickyRule = defineRule({
  name: 'picky',
  description: 'For tests',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: ['registryImages'],
  prepare: () => ({ ok: true, value: undefined }),
  asksAbout: ({ containers }) => containers.filter(({ image }) => image.text.includes('.example.com/')),
  check: () => [],
});

export const TELLING: readonly Rule[] = [...RULES, ...REGISTRY_NEEDS.map(tellRule), pickyRule];

export interface RecordedRegistry {
  readonly ports: World;
  /** `image reg.io/a:1 [a/reg.io/ci] ?reason` */
  readonly lookups: string[];
}

/**
 * A registry that returns `respond` for each image. The cluster has the Secrets `a` and `b`, for reg.io and index.docker.io; the
 * ServiceAccount `shop` has `b`, and all others are unknown.
 */
export function registry(
  respond: (lookup: ImageLookup) => RegistryFact<RegistryImage> | Promise<RegistryFact<RegistryImage>> = () => found,
): RecordedRegistry {
  const lookups: string[] = [];
  const note = (what: string, { reference, candidates, incompleteReason }: ImageLookup): void => {
    const credentials = candidates.map(({ secret, registry: at }) => `${secret}/${at}`).join(' ');
    lookups.push(
      `${what} ${reference.text} [${credentials}]${incompleteReason === undefined ? '' : ` ?${incompleteReason}`}`,
    );
  };
  return {
    lookups,
    ports: {
      ...otherSources(note),
      images: {
        lookUp(lookup) {
          note(lookup.by, lookup);
          return respond(lookup);
        },
      },
      secrets: {
        secret: (_namespace, name) => {
          if (name === 'away') return Promise.resolve({ state: 'unknown', reason: 'it is away' });
          if (name !== 'a' && name !== 'b') return Promise.resolve({ state: 'no' });
          return Promise.resolve({ state: 'yes', value: secretFor(name, 'reg.io', 'https://index.docker.io/v1/') });
        },
      },
      serviceAccounts: {
        pullSecretsOf: (_namespace, name) =>
          Promise.resolve(
            name === 'shop' ? { state: 'yes', value: ['b'] } : { state: 'unknown', reason: 'who is that' },
          ),
      },
    },
  };
}

const MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';
export const found: RegistryFact<RegistryImage> = {
  state: 'yes',
  value: {
    digest: DIGEST,
    mediaType: MEDIA_TYPE,
    credential: 'anonymous',
    mirror: undefined,
    provesPull: true,
    stale: undefined,
  },
};

/** Sources of all other facts, with the defaults of test suites. */
function otherSources(note: (what: string, lookup: ImageLookup) => void): Partial<RegistrySources> {
  const names = REGISTRY_SOURCE_NAMES.filter((name) => name !== 'images');
  const entries = names.map((name) => [
    name,
    {
      lookUp(lookup: ImageLookup) {
        note(name, lookup);
        const value = REGISTRY_SOURCES[name].ofSuite({ digest: DIGEST, credential: 'anonymous' });
        return Promise.resolve({ state: 'yes', value });
      },
    },
  ]);
  return Object.fromEntries(entries) as Partial<RegistrySources>;
}
