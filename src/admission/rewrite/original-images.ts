/**
 * The original of an image: the name that the rewrites of the policies turn into it. It is found from the image and the policies
 * alone. Annotations do not count, because the author of an object can write them; and the result is the same for an object that was
 * rewritten, for its Pods, and for an author who wrote the name of the mirror.
 */
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, withoutDigest } from '../../image/reference.ts';
import { possibleSources } from '../../image/rewriting.ts';
import type { Container } from '../../pod/containers.ts';
import { MAX_FINDINGS } from '../../policy/evaluate.ts';
import type { Facts, OriginalImage } from '../../policy/fact.ts';
import { planned } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { rewritingPolicies, stepFrom } from './chain.ts';

/** Of the containers with a valid image, as `Facts` describes them. */
export function originalImages(request: ScopeRequest, policies: readonly Policy[]): Facts['originalImages'] {
  const { containers } = request.workload;
  const rewriting = policies.filter(({ rewrites }) => rewrites !== undefined);
  const find = (container: Container, image: ImageReference): OriginalImage => {
    if (rewriting.length === 0) return known(image);
    return containers.length > MAX_IMAGES ? TOO_MANY : originalOf(image, { container, request, policies, rewriting });
  };
  return new Map(
    containers.flatMap((container) => {
      const { image, imagePointer } = container;
      return image.state === 'parsed' ? [[imagePointer, find(container, image.reference)] as const] : [];
    }),
  );
}

/** Returns a function that finds them on its first call. */
export function originalImagesOnce(request: ScopeRequest, policies: readonly Policy[]): () => Facts['originalImages'] {
  let found: Facts['originalImages'] | undefined;
  return () => (found ??= originalImages(request, policies));
}

/** Limits the time that one object takes; as many as have findings. */
const MAX_IMAGES = MAX_FINDINGS;
const TOO_MANY: OriginalImage = {
  state: 'unknown',
  reason: `the object has more than ${MAX_IMAGES} images`,
  causedBy: 'author',
};

function known(value: ImageReference): OriginalImage {
  return { state: 'yes', value };
}

interface Search {
  readonly container: Container;
  readonly request: ScopeRequest;
  readonly policies: readonly Policy[];
  /** Those of `policies` that have rewrites. */
  readonly rewriting: readonly Policy[];
}

/** Limits the search; rewrites of several policies in different scopes could follow each other without end. */
const MAX_NAMES = 32;

function originalOf(image: ImageReference, search: Search): OriginalImage {
  const names = new Map([[image.text, image]]);
  const originals: ImageReference[] = [];
  for (const name of names.values()) {
    const sources = sourcesOf(name, search);
    if ('reason' in sources) return { state: 'unknown', ...sources };
    if (sources.length === 0) originals.push(name);
    for (const source of sources) names.set(source.text, source);
    if (names.size > MAX_NAMES) break;
  }
  const [original, ...others] = originals;
  if (original !== undefined && others.length === 0 && names.size <= MAX_NAMES) return known(original);
  const examples = others.length > 0 ? originals : [...names.values()].slice(1);
  const shown = examples.slice(0, 2).map(({ text }) => quoteValue(text));
  const reason = `the rewrites of the policies turn several images into ${quoteValue(image.text)}, for example ${shown.join(' and ')}`;
  return { state: 'unknown', reason, causedBy: 'author' };
}

type Unknown = Omit<Extract<OriginalImage, { readonly state: 'unknown' }>, 'state'>;

/** The names that one step turns into this one. */
function sourcesOf(name: ImageReference, search: Search): readonly ImageReference[] | Unknown {
  const sources: ImageReference[] = [];
  for (const { rewrites = [] } of search.rewriting) {
    for (const { rewriting } of rewrites) {
      const possible = possibleSources(rewriting, name);
      const steps = possible.flatMap((source) => stepTo(name, source, search) ?? []);
      const unknown = steps.find(({ scopeUnknown }) => scopeUnknown !== undefined)?.scopeUnknown;
      if (unknown !== undefined) return scopeIsUnknown(name, unknown, search);
      // A pattern that matches in several ways: there can be more names than these.
      sources.push(...(possible.length > 1 && steps.length > 0 ? possible : steps.map(({ source }) => source)));
    }
  }
  return sources;
}

function scopeIsUnknown(name: ImageReference, reason: string, { request: { namespaceLabels } }: Search): Unknown {
  const causedBy = namespaceLabels.state === 'unknown' ? namespaceLabels.causedBy : undefined;
  const image = quoteValue(name.text);
  return { reason: `cannot determine whether a policy rewrites images to ${image}: ${reason}`, causedBy };
}

interface StepTo {
  readonly source: ImageReference;
  readonly scopeUnknown: string | undefined;
}

/** What the policies do with an object that has the source: their scopes can select images. */
function stepTo(
  name: ImageReference,
  source: ImageReference,
  { container, request, policies }: Search,
): StepTo | undefined {
  // A pinned image got its name without the digest.
  for (const written of [source, withoutDigest(source)]) {
    const asWritten: Container = { ...container, image: { state: 'parsed', text: written.text, reference: written } };
    const workload = { ...request.workload, containers: [asWritten] };
    const covering = planned(policies, { ...request, workload });
    const step = stepFrom(asWritten, written, rewritingPolicies(covering.policies));
    if (step?.to.ok !== true || step.to.reference.repository !== name.repository) continue;
    return { source, scopeUnknown: step.scopeUnknown };
  }
  return undefined;
}
