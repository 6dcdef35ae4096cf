/** Rules that ask registries, and a registry that remembers what it was asked. */
import type { ImageLookup, World } from '../../src/admission/context.ts';
import type { Facts } from '../../src/policy/fact.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { defineRule, type Rule } from '../../src/policy/rule.ts';
import { RULES } from '../../src/policy/rules/index.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import type { RegistryNeed } from '../../src/policy/registry-questions.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Says of each container in scope what it knows of it. */
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
  return fact.state === 'yes' ? fact.value.digest : `${fact.state} ${fact.failure.cause}: ${fact.failure.message}`;
}

/** Looks at images of `*.example.com` only, wherever they are. */
const pickyRule = defineRule({
  name: 'picky',
  description: 'For tests',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: ['registryImages'],
  prepare: () => ({ ok: true, value: undefined }),
  asksAbout: ({ containers }) => containers.filter(({ image }) => image.text.includes('.example.com/')),
  check: () => [],
});

export const TELLING: readonly Rule[] = [
  ...RULES,
  tellRule('registryImages'),
  tellRule('registryTags'),
  tellRule('registryDetails'),
  pickyRule,
];

export interface AskedRegistry {
  readonly ports: World;
  /** `image reg.io/a:1 [a/reg.io/ci] ?doubt` */
  readonly asked: string[];
}

/**
 * Says `answer` of each image. In its cluster there are the secrets `a` and `b`, for reg.io and index.docker.io;
 * the service account `shop` has `b`, and no other is known.
 */
export function registry(
  answer: (question: ImageLookup) => RegistryFact<RegistryImage> | Promise<RegistryFact<RegistryImage>> = () => found,
): AskedRegistry {
  const asked: string[] = [];
  const note = (what: string, { reference, candidates, incompleteReason: doubt }: ImageLookup): void => {
    const credentials = candidates.map(({ secret, registry: at }) => `${secret}/${at}`).join(' ');
    asked.push(`${what} ${reference.text} [${credentials}]${doubt === undefined ? '' : ` ?${doubt}`}`);
  };
  return {
    asked,
    ports: {
      images: {
        lookUp(question) {
          note(question.by, question);
          return answer(question);
        },
      },
      imageDetails: {
        lookUp(question) {
          note('details', question);
          return Promise.resolve(detailed);
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
    isProof: true,
    stale: undefined,
  },
};
const detailed: RegistryFact<RegistryDetails> = {
  state: 'yes',
  value: { digest: DIGEST, mediaType: MEDIA_TYPE, platforms: [], createdMs: undefined, sizeBytes: 0 },
};
