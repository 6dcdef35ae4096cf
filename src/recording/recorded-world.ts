/** Source interfaces that return the facts of a recorded review. */
import type { ImageLookup, RegistrySource, World } from '../admission/context.ts';
import { factLabel } from '../admission/facts/lookups.ts';
import { quoteValue } from '../image/quote.ts';
import type { Fact } from '../policy/fact.ts';
import type { RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { REGISTRY_SOURCE_NAMES, type RegistrySourceName } from '../policy/registry-questions.ts';
import type { RecordedFact, RecordedFacts, RecordedLookup, RecordedRegistryFact } from './facts.ts';
import { lookupKey } from './noted-facts.ts';
import { secretOf } from './secret.ts';

const NO_SOURCES: World = { namespaces: undefined, secrets: undefined, serviceAccounts: undefined };

/**
 * A source that the server did not have is absent, so that decisions read as they did. `onMissing` is called for each fact that the
 * recording does not have, because no policy needed it when the review was recorded; the fact is unknown.
 */
export function recordedWorld(facts: RecordedFacts, onMissing: (what: string) => void = () => undefined): World {
  if (facts.sources.length === 0) return NO_SOURCES;
  const has = new Set<string>(facts.sources);
  const fact = <T>(what: string, recorded: RecordedFact<T> | undefined): Fact<T> => {
    if (recorded !== undefined) return recorded;
    onMissing(what);
    return { state: 'unknown', reason: `the recording does not have ${what}` };
  };
  return {
    ...registrySources(facts, onMissing),
    namespaces: has.has('namespaces')
      ? { labelsOf: (namespace) => fact(factLabel('Namespace', namespace), facts.namespaceLabels) }
      : undefined,
    secrets: has.has('secrets')
      ? {
          secret(_namespace, name) {
            const recorded = fact(factLabel('Secret', name), factOf(facts.pullSecrets, name));
            return recorded.state === 'yes' ? { state: 'yes', value: secretOf(name, recorded.value) } : recorded;
          },
        }
      : undefined,
    serviceAccounts: has.has('serviceAccounts')
      ? {
          pullSecretsOf: (_namespace, name) =>
            fact(factLabel('ServiceAccount', name), factOf(facts.serviceAccounts, name)),
        }
      : undefined,
  };
}

function factOf<T extends { readonly name: string; readonly fact: unknown }>(
  list: readonly T[] | undefined,
  name: string,
): T['fact'] | undefined {
  return list?.find((one) => one.name === name)?.fact;
}

function registrySources({ sources, registry = [] }: RecordedFacts, onMissing: (what: string) => void): World {
  const byKey = new Map(registry.map(({ fact, ...asked }) => [keyOf(asked), fact]));
  const entries = REGISTRY_SOURCE_NAMES.filter((name) => sources.includes(name)).map((name) => {
    const lookUp = (lookup: ImageLookup): RegistryFact<object> => {
      const asked = lookupKey(name, lookup, (user) => user);
      // Earlier versions did not tell them apart, and another policy can need the other one.
      const others = { ...asked, refresh: asked.refresh === true ? undefined : true } as const;
      const fact = byKey.get(keyOf(asked)) ?? byKey.get(keyOf(others));
      if (fact !== undefined) return freshEnough(fact, lookup.staleMs);
      onMissing(lookupLabel(name, asked.image));
      return missing(lookupLabel(name, asked.image));
    };
    return [name, { lookUp } satisfies RegistrySource<object>] as const;
  });
  return Object.fromEntries(entries);
}

function keyOf({ source, by, image, credentials, incompleteReason, refresh }: Omit<RecordedLookup, 'fact'>): string {
  return JSON.stringify([source, by, image, credentials, incompleteReason, refresh]);
}

const SOURCE_LABELS: Readonly<Record<RegistrySourceName, string>> = {
  images: 'the digest',
  imageDetails: 'the details',
  imageOrigins: 'the origin',
};

function lookupLabel(source: RegistrySourceName, image: string): string {
  return `${SOURCE_LABELS[source]} of image ${quoteValue(image)}`;
}

function missing(what: string): RegistryFact<never> {
  const message = `the recording does not have ${what}`;
  return { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined } };
}

/** A policy can allow other ages than the one that was recorded. */
function freshEnough(fact: RecordedRegistryFact, staleMs: number): RegistryFact<object> {
  if (fact.state !== 'yes') return fact;
  const { stale } = fact.value as Partial<RegistryImage>;
  if (stale === undefined || stale.ageMs <= staleMs) return fact;
  return { state: 'unknown', failure: stale.failure };
}
