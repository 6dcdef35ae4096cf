/** Notes the facts that one decision uses. */
import type { Context, ImageLookup, RegistrySource, World } from '../admission/context.ts';
import { factLabel, lateFact, lateImage } from '../admission/facts/lookups.ts';
import { type MaybePromise, whenKnown } from '../admission/maybe-promise.ts';
import { Outage } from '../admission/context.ts';
import type { Candidate } from '../credential/keyring.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { RegistryFact } from '../policy/registry-fact.ts';
import { REGISTRY_SOURCE_NAMES, type RegistrySourceName } from '../policy/registry-questions.ts';
import {
  CLUSTER_SOURCES,
  type Named,
  type RecordedFact,
  type RecordedFacts,
  type RecordedLookup,
  type RecordedRegistryFact,
} from './facts.ts';
import type { HashUser, RecordedSecret } from './secret.ts';

export interface NotedFacts {
  /** Its sources note what they return. */
  readonly context: Context;
  /** The facts so far. Lookups that have not settled are late, for the reason of their signal. */
  facts(): RecordedFacts;
}

export interface NoteOptions {
  readonly hashUser: HashUser;
  /** Like recordedSecret, which may remember what it returned. */
  readonly secretOf: (secret: PullSecret) => RecordedSecret;
}

/** `now`: the current time for the decision. */
export function noteFacts(context: Context, now: number, options: NoteOptions): NotedFacts {
  const { world } = context;
  const timed = { ...context, now: () => now };
  if (world === undefined) return { context: timed, facts: () => NO_FACTS };
  const notes: Notes = { labels: undefined, secrets: new Map(), serviceAccounts: new Map(), registry: new Map() };
  return {
    context: { ...timed, world: notingWorld(world, notes, options) },
    facts: () => factsOf(world, notes),
  };
}

const NO_FACTS: RecordedFacts = { sources: [] };

type Note<T> = () => T;

interface Notes {
  labels: Note<NonNullable<RecordedFacts['namespaceLabels']>> | undefined;
  readonly secrets: Map<string, Note<RecordedFact<RecordedSecret>>>;
  readonly serviceAccounts: Map<string, Note<RecordedFact<readonly string[]>>>;
  /** By everything but the fact: a lookup that is repeated with new facts replaces the first. */
  readonly registry: Map<string, Note<RecordedLookup>>;
}

function notingWorld(world: World, notes: Notes, options: NoteOptions): World {
  const { namespaces, secrets, serviceAccounts } = world;
  return {
    ...registrySources(world, notes, options),
    namespaces: namespaces && {
      labelsOf: (namespace, signal) =>
        noted(namespaces.labelsOf(namespace, signal), {
          note: (fact) => void (notes.labels = fact),
          value: (labels: Labels) => labels,
          late: () => lateFact(factLabel('Namespace', namespace), signal),
        }),
    },
    secrets: secrets && {
      secret: (namespace, name, signal, refresh) =>
        noted(secrets.secret(namespace, name, signal, refresh), {
          note: (fact) => void notes.secrets.set(name, fact),
          value: options.secretOf,
          late: () => lateFact(factLabel('Secret', name), signal),
        }),
    },
    serviceAccounts: serviceAccounts && {
      pullSecretsOf: (namespace, name, signal, refresh) =>
        noted(serviceAccounts.pullSecretsOf(namespace, name, signal, refresh), {
          note: (fact) => void notes.serviceAccounts.set(name, fact),
          value: (names: readonly string[]) => names,
          late: () => lateFact(factLabel('ServiceAccount', name), signal),
        }),
    },
  };
}

interface Noting<T, R> {
  readonly note: (fact: Note<RecordedFact<R>>) => void;
  readonly value: (value: T) => R;
  readonly late: () => RecordedFact<never>;
}

function noted<T, R>(lookup: MaybePromise<Fact<T>>, { note, value, late }: Noting<T, R>): MaybePromise<Fact<T>> {
  const settled = (fact: Fact<T>): Fact<T> => {
    note(() => (fact.state === 'yes' ? { state: 'yes', value: value(fact.value) } : fact));
    return fact;
  };
  if (!(lookup instanceof Promise)) return settled(lookup);
  note(late);
  return lookup.then(settled, (error: unknown) => {
    if (error instanceof Outage) note(() => ({ state: 'unknown', reason: error.message }));
    throw error;
  });
}

function registrySources(world: World, notes: Notes, { hashUser }: NoteOptions): World {
  const entries = REGISTRY_SOURCE_NAMES.map((name) => {
    const source: RegistrySource<object> | undefined = world[name];
    return [name, source && notingSource(name, source, { notes, hashUser })] as const;
  });
  return Object.fromEntries(entries);
}

interface SourceNotes {
  readonly notes: Notes;
  readonly hashUser: HashUser;
}

function notingSource(
  source: RegistrySourceName,
  known: RegistrySource<object>,
  { notes, hashUser }: SourceNotes,
): RegistrySource<object> {
  return {
    lookUp(lookup, signal) {
      const asked = lookupKey(source, lookup, hashUser);
      const key = JSON.stringify(asked);
      const add = (fact: () => RecordedRegistryFact): void => {
        notes.registry.set(key, () => ({ ...asked, fact: fact() }));
      };
      const found = known.lookUp(lookup, signal);
      const settled = (fact: RegistryFact<object>): RegistryFact<object> => {
        add(() => fact);
        return fact;
      };
      if (found instanceof Promise) add(() => lateImage(lookup.reference, signal));
      return whenKnown(found, settled);
    },
  };
}

/** What distinguishes a lookup from others of the same review. */
export function lookupKey(
  source: RegistrySourceName,
  { reference, by, candidates, incompleteReason, refresh }: ImageLookup,
  hashUser: HashUser,
): Omit<RecordedLookup, 'fact'> {
  const { repository, tag, runtimeName } = reference;
  const image = by === 'tag' ? `${repository}:${tag ?? 'latest'}` : runtimeName;
  const credentials = candidates.map((one) => credentialKey(one, hashUser));
  return { source, by, image, credentials, incompleteReason, refresh: refresh === true ? true : undefined };
}

function credentialKey({ secret, registry, username }: Candidate, hashUser: HashUser): string {
  return `${secret} ${registry} ${username === '' ? '-' : hashUser(username)}`;
}

function factsOf(world: World, { labels, secrets, serviceAccounts, registry }: Notes): RecordedFacts {
  const known = [...CLUSTER_SOURCES, ...REGISTRY_SOURCE_NAMES];
  return {
    sources: known.filter((name) => world[name] !== undefined),
    namespaceLabels: labels?.(),
    serviceAccounts: named(serviceAccounts),
    pullSecrets: named(secrets),
    registry: registry.size === 0 ? undefined : [...registry.values()].map((lookup) => lookup()),
  };
}

function named<T>(facts: ReadonlyMap<string, Note<RecordedFact<T>>>): readonly Named<T>[] | undefined {
  return facts.size === 0 ? undefined : [...facts].map(([name, fact]) => ({ name, fact: fact() }));
}
