/** A registry that answers from a table, and what a change of images comes to. */
import type { ImageLookup, RegistrySource } from '../../src/admission/context.ts';
import { type Mutation } from '../../src/admission/mutation.ts';
import { mutate } from '../../src/admission/mutate.ts';
import type { AdmissionRequest } from '../../src/admission/request.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { RegistryCause, RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { policyOf } from '../policy/fixtures.ts';
import { contextOf, requestOf, type Surroundings } from './decide.ts';

/** The digest of one hexadecimal digit, 64 times. */
export const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

export const yes = (digest: string, more: Partial<RegistryImage> = {}): RegistryFact<RegistryImage> => ({
  state: 'yes',
  value: {
    digest,
    mediaType: 'index',
    credential: 'anonymous',
    mirror: undefined,
    provesPull: true,
    stale: undefined,
    ...more,
  },
});

export const no = (cause: RegistryCause, message = `registry.example.com says ${cause}`): RegistryFact<never> => ({
  state: cause === 'notFound' ? 'no' : 'unknown',
  failure: { cause, message, remedy: 'ask again' },
});

export interface FakeRegistry extends RegistrySource<RegistryImage> {
  /** The normalized names of the looked-up images. */
  readonly lookups: string[];
  readonly questions: ImageLookup[];
}

type Reply = RegistryFact<RegistryImage> | Promise<RegistryFact<RegistryImage>>;

/** By normalized name; every other image has the digest of ones. */
export function registryOf(
  images: Readonly<Record<string, Reply>> = {},
  other: Reply = yes(digestOf('1')),
): FakeRegistry {
  const lookups: string[] = [];
  const questions: ImageLookup[] = [];
  return {
    lookups,
    questions,
    lookUp(question) {
      const name = question.reference.fullName;
      lookups.push(name);
      questions.push(question);
      return images[name] ?? other;
    },
  };
}

export const PIN_ALL = policyOf('{pin: {}}');

export async function change(
  request: AdmissionRequest,
  policies: readonly Policy[] = [PIN_ALL],
  world: Surroundings = { images: registryOf() },
  signal = new AbortController().signal,
): Promise<Mutation> {
  return mutate(request, contextOf(policies, world), signal);
}

export const updateOf = (
  oldObject: JsonObject,
  object: JsonObject,
  extra: Partial<AdmissionRequest> = {},
): AdmissionRequest => requestOf(object, { operation: 'UPDATE', oldObject, ...extra });

/** `pointer value`, digests as their first digit. */
export function patched({ patch }: Mutation): readonly string[] {
  return patch.map(({ op, path, value }) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${op === 'replace' ? '' : `${op} `}${path} ${text.replaceAll(/sha256:([0-9a-f])\1{63}/g, '#$1')}`;
  });
}

/** `action message`. */
export function findingTexts({ findings }: Mutation): readonly string[] {
  return findings.map(({ action, container, message }) => `${action} ${container?.name ?? '-'}: ${message}`);
}
