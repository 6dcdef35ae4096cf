/** Looks up the images of an object in registries, for the facts that the rules in scope need. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { Workload } from '../../pod/workload.ts';
import type { Facts } from '../../policy/fact.ts';
import type { RegistryFact, RegistryFacts, RegistryImage } from '../../policy/registry-fact.ts';
import {
  REGISTRY_NEEDS,
  REGISTRY_QUESTIONS,
  type RegistryFactsByNeed,
  type RegistryNeed,
  type RegistryQuestion,
} from '../../policy/registry-questions.ts';
import { deniedFact } from './denied-images.ts';
import { type ContainerLookup, imageLookups } from './image-lookups.ts';
import type { LookupScope } from './lookup-scope.ts';
import type { Lookups } from './lookups.ts';

export interface RegistryRequest {
  readonly workload: Workload;
  readonly scope: LookupScope;
  readonly pullSecrets: Facts['pullSecrets'];
}

/** Facts without images are left out. */
export async function registryFacts(request: RegistryRequest, lookups: Lookups): Promise<Partial<RegistryFactsByNeed>> {
  const needs = REGISTRY_NEEDS.filter((need) => request.scope.containersFor(need).size > 0);
  const parts = { request, lookups };
  const found: FoundFacts = new Map();
  await addFacts(
    found,
    needs.filter((need) => !isConditional(need)),
    parts,
  );
  await addFacts(found, needs.filter(isConditional), parts);
  await lookUpDifferencesAgain(found, parts);
  return Object.fromEntries(found);
}

type FoundFacts = Map<string, RegistryFacts<unknown>>;

interface LookupParts {
  readonly request: RegistryRequest;
  readonly lookups: Lookups;
}

function questionOf(need: RegistryNeed): RegistryQuestion {
  return REGISTRY_QUESTIONS[need];
}

function isConditional(need: RegistryNeed): boolean {
  return questionOf(need).ifNotFound !== undefined;
}

async function addFacts(found: FoundFacts, needs: readonly RegistryNeed[], parts: LookupParts): Promise<void> {
  const all = await Promise.all(
    needs.map((need) => {
      const { ifNotFound } = questionOf(need);
      const known = ifNotFound === undefined ? undefined : found.get(ifNotFound);
      const only = ({ imagePointer }: Container): boolean =>
        ifNotFound === undefined || isNotFound(known?.get(imagePointer));
      return factsFor(need, parts, { only, refresh: false });
    }),
  );
  for (const [index, need] of needs.entries()) {
    found.set(need, new Map([...(all[index] ?? []), ...deniedFacts(parts.request, need)]));
  }
}

/** Also if the registry can hide the image: then it hides the tag as well. */
function isNotFound(fact: RegistryFact<unknown> | undefined): boolean {
  return fact !== undefined && fact.state !== 'yes' && fact.failure.cause === 'notFound';
}

async function lookUpDifferencesAgain(found: FoundFacts, parts: LookupParts): Promise<void> {
  for (const need of REGISTRY_NEEDS) {
    const { comparedWith } = questionOf(need);
    const other = REGISTRY_NEEDS.find((one) => one === comparedWith);
    const both = [found.get(need), other && found.get(other)];
    const only = ({ imagePointer }: Container): boolean => {
      const [digest, otherDigest] = both.map((facts) => digestOf(facts?.get(imagePointer)));
      return digest !== undefined && otherDigest !== undefined && digest !== otherDigest;
    };
    if (other === undefined || ![...parts.request.scope.containersFor(need)].some(only)) continue;
    const again = await Promise.all([need, other].map((one) => factsFor(one, parts, { only, refresh: true })));
    for (const [index, one] of [need, other].entries()) {
      found.set(one, new Map([...(found.get(one) ?? []), ...(again[index] ?? [])]));
    }
  }
}

function digestOf(fact: RegistryFact<unknown> | undefined): string | undefined {
  return fact?.state === 'yes' ? (fact.value as RegistryImage).digest : undefined;
}

interface FactOptions {
  readonly only: (container: Container) => boolean;
  /** See ImageLookup. */
  readonly refresh: boolean;
}

async function factsFor(
  need: RegistryNeed,
  { request, lookups }: LookupParts,
  options: FactOptions,
): Promise<readonly (readonly [string, RegistryFact<unknown>])[]> {
  const { source } = REGISTRY_QUESTIONS[need];
  return Promise.all(
    neededLookups(request, need, options).map(
      async ({ container, lookup }) => [container.imagePointer, await lookups.registry(source, lookup)] as const,
    ),
  );
}

function neededLookups(
  { workload, pullSecrets, scope }: RegistryRequest,
  need: RegistryNeed,
  { only, refresh }: FactOptions,
): readonly ContainerLookup[] {
  const needed = scope.containersFor(need);
  if (needed.size === 0) return [];
  const { by, of } = questionOf(need);
  const isNeeded = (container: Container): boolean =>
    needed.has(container) && only(container) && scope.denied(container) === undefined;
  const referenceFor =
    of === 'original' ? (container: Container): ImageReference | undefined => scope.originalOf(container) : undefined;
  const all = imageLookups(workload, pullSecrets, { by, staleMs: 0, only: isNeeded, referenceFor });
  const wanted = by === 'tag' ? all.filter(hasTagAndDigest) : all;
  return refresh ? wanted.map(({ container, lookup }) => ({ container, lookup: { ...lookup, refresh } })) : wanted;
}

function hasTagAndDigest({ lookup: { reference } }: ContainerLookup): boolean {
  return reference.tag !== undefined && reference.digest !== undefined;
}

function deniedFacts(
  { scope }: RegistryRequest,
  need: RegistryNeed,
): readonly (readonly [string, RegistryFact<never>])[] {
  return [...scope.containersFor(need)].flatMap((container) => {
    const deniedBy = scope.denied(container);
    return deniedBy === undefined ? [] : [[container.imagePointer, deniedFact(deniedBy)] as const];
  });
}
