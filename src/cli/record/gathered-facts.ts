/**
 * The facts about an object that any policy can need, and those that the given policies need, in the form of a recording. The names that
 * an image gets, and those that it had before, depend on policies.
 */
import type { Context, World } from '../../admission/context.ts';
import { evaluateAsRun } from '../../admission/as-run.ts';
import { gather } from '../../admission/facts/gather.ts';
import { createLookups, namespaceLabels } from '../../admission/facts/lookups.ts';
import type { LookupScope } from '../../admission/facts/lookup-scope.ts';
import type { Review } from '../../admission/review.ts';
import type { Config } from '../../config/config.ts';
import { ShapeError } from '../../pod/pointer.ts';
import { type Workload, workloadOf } from '../../pod/workload.ts';
import type { Need } from '../../policy/fact.ts';
import { REGISTRY_NEEDS } from '../../policy/registry-questions.ts';
import type { RecordedFacts } from '../../recording/facts.ts';
import { noteFacts } from '../../recording/noted-facts.ts';
import { type HashUser, recordedSecret } from '../../recording/secret.ts';
import { openRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';

/** Nothing is known beyond the review. */
export const NO_FACTS: RecordedFacts = { sources: [] };

export interface OpenFacts {
  readonly of: GatherFacts;
  close(): Promise<void>;
}

export interface OpenFactsOptions {
  readonly config: Config;
  /** undefined: no cluster is connected. */
  readonly cluster: World | undefined;
  readonly hasRegistry: boolean;
  /** Without sources; undefined: policies are not known. */
  readonly policies: Context | undefined;
  readonly hashUser: HashUser;
  readonly terminal: Pick<Terminal, 'note'>;
}

/** The registry client is loaded only if it is used. */
export async function openFacts({
  config,
  cluster,
  hasRegistry,
  policies,
  hashUser,
  terminal,
}: OpenFactsOptions): Promise<OpenFacts> {
  if (cluster === undefined && !hasRegistry) return { of: async () => NO_FACTS, close: async () => undefined };
  const warn = (message: string): void => terminal.note(`${message}\n`);
  const registry = hasRegistry ? await openRegistry(config, { credentials: 'node', callers: 'user', warn }) : undefined;
  const world = { ...cluster, ...registry?.sources };
  const context = { ...(policies ?? { kinds: config.kinds, policies: [] }), world };
  const of = factGatherer({ context, hasCluster: cluster !== undefined, hasRegistry, hashUser });
  return { of, close: async () => registry?.close() };
}

interface FactSettings {
  readonly context: Context;
  readonly hasCluster: boolean;
  readonly hasRegistry: boolean;
  readonly hashUser: HashUser;
}

export type GatherFacts = (request: Review['request'], signal: AbortSignal) => Promise<RecordedFacts>;

/** An object that is malformed has the facts that were known until then. */
function factGatherer({ context, hasCluster, hasRegistry, hashUser }: FactSettings): GatherFacts {
  const options = {
    hashUser,
    secretOf: (secret: Parameters<typeof recordedSecret>[0]) => recordedSecret(secret, hashUser),
  };
  const needs = new Set<Need>(['pullSecrets', ...(hasRegistry ? REGISTRY_NEEDS : [])]);
  return async (request, signal) => {
    const noted = noteFacts(context, Date.now(), options);
    const { type, object, pluginsRan } = request;
    const read = object && workloadOf(object, type, context.kinds);
    if (read?.ok !== true) return noted.facts();
    const { workload } = read;
    const namespace = workload.clusterScoped ? undefined : request.namespace;
    const labels = await namespaceLabels(namespace, noted.context, signal);
    const scope = hasRegistry ? allImages(workload) : undefined;
    const lookups = createLookups(namespace, noted.context, signal);
    await orMalformed(async () => gather({ workload, needs, pluginsRan, scope }, labels, lookups));
    // As a replay does, so that it finds the facts; what is remembered costs no second lookup.
    if (context.policies.length > 0) await evaluateAsRun(request, noted.context, { signal, hasCluster });
    return noted.facts();
  };
}

function allImages({ containers }: Workload): LookupScope {
  const all = new Set(containers);
  return { containersFor: () => all, denied: () => undefined, originalOf: () => undefined };
}

async function orMalformed(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
  }
}
