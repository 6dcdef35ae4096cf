/** Registry sources for test suites: they return what the suite describes, and query no registry. */
import { quoteValue } from '../../image/quote.ts';
import { parseReference } from '../../image/reference.ts';
import type { RegistryResponse, RegistryResponses } from '../../policy/registry-responses.ts';
import type { RegistryFact } from '../../policy/registry-fact.ts';
import { REGISTRY_SOURCES, type SuiteImage } from '../../policy/registry-questions.ts';
import type { ImageLookup, RegistrySource, RegistrySources } from '../context.ts';

export function suiteRegistry(responses: RegistryResponses): RegistrySources {
  const byName = imagesByName(responses);
  const imageFor = (lookup: ImageLookup): RegistryFact<SuiteImage> => {
    const name = nameOf(lookup);
    const described = byName.get(name);
    if (described !== undefined) return factFrom(described, lookup);
    return failed('blocked', `the test suite has no registry response for ${quoteValue(name)}`);
  };
  const sourceOf = <T>({ ofSuite }: { readonly ofSuite: (image: SuiteImage) => T }): RegistrySource<T> => ({
    async lookUp(lookup) {
      const image = imageFor(lookup);
      return image.state === 'yes' ? { state: 'yes', value: ofSuite(image.value) } : image;
    },
  });
  const entries = Object.entries(REGISTRY_SOURCES).map(([name, row]) => [name, sourceOf<unknown>(row)]);
  return Object.fromEntries(entries) as RegistrySources;
}

interface DescribedImage {
  readonly response: RegistryResponse;
  readonly digest: string;
}

const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** A response for a tag also applies to its digest, unless the digest has its own response. */
function imagesByName(responses: RegistryResponses): ReadonlyMap<string, DescribedImage> {
  const byName = new Map<string, DescribedImage>();
  const byDigest = new Map<string, DescribedImage>();
  for (const [image, response] of Object.entries(responses)) {
    const parsed = parseReference(image);
    if (!parsed.ok) continue;
    const { reference } = parsed;
    const described = { response, digest: response.digest ?? reference.digest ?? NO_DIGEST };
    byName.set(reference.runtimeName, described);
    if (response.digest !== undefined) byDigest.set(`${reference.repository}@${response.digest}`, described);
  }
  return new Map([...byDigest, ...byName]);
}

function nameOf({ reference, by }: ImageLookup): string {
  return by === 'tag' ? `${reference.repository}:${reference.tag ?? 'latest'}` : reference.runtimeName;
}

function factFrom(
  { response, digest }: DescribedImage,
  { reference, candidates }: ImageLookup,
): RegistryFact<SuiteImage> {
  const { cause, message, pullSecrets } = response;
  if (cause !== undefined) return failed(cause, message ?? `${reference.domain} returned ${cause}`);
  const accepted = candidates.find(({ secret }) => pullSecrets?.includes(secret) ?? true);
  if (pullSecrets !== undefined && accepted === undefined) {
    return failed('unauthenticated', `${reference.domain} returned HTTP 401`);
  }
  const credential = accepted === undefined ? 'anonymous' : `pull secret ${quoteValue(accepted.secret)}`;
  return { state: 'yes', value: { ...response, digest, credential } };
}

function failed(cause: NonNullable<RegistryResponse['cause']>, message: string): RegistryFact<never> {
  return { state: cause === 'notFound' ? 'no' : 'unknown', failure: { cause, message, remedy: undefined } };
}
