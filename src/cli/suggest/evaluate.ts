/** Evaluates the questions about one review with the engine that decides in the cluster. */
import type { Context } from '../../admission/context.ts';
import { type ReadRequest, validateRead } from '../../admission/validate.ts';
import type { Vocabulary } from '../../policy/binding.ts';
import type { Finding } from '../../policy/finding.ts';
import type { Policy } from '../../policy/policy.ts';
import { REGISTRY_NEEDS, REGISTRY_QUESTIONS } from '../../policy/registry-questions.ts';
import type { RecordedFacts } from '../../recording/facts.ts';
import { ownerOf } from '../../recording/owner.ts';
import { binding, policyOf, policyTree } from '../derive/policy-tree.ts';
import type { Recording } from '../../files/recorded-documents.ts';
import { contextOf, type Counted, NEVER } from './counted.ts';
import type { Question } from './questions.ts';
import type { QuestionResults } from './tally.ts';

/** Policies that are evaluated together. */
export interface Group {
  readonly policies: readonly Policy[];
  /** What they need to know about the world: one of these sources missing makes the result unknown. */
  readonly sources: readonly SourcesOfPolicy[];
  /** Each policy of several, because plans of policies are remembered by list. */
  readonly each: readonly Group[];
}

/** One policy for each question; its name is the index. */
export async function groupsFor(questions: readonly Question[], vocabulary: Vocabulary): Promise<readonly Group[]> {
  const policies = await Promise.all(
    questions.map(async ({ rule, parameters }, index) =>
      policyOf(
        policyTree({ name: `q-${index}`, description: 'A question', rules: [binding(rule, parameters)] }),
        vocabulary,
      ),
    ),
  );
  const [reading, together] = [policies.filter(readsRegistry), policies.filter((policy) => !readsRegistry(policy))];
  return [groupOf(together, together.map(alone)), ...reading.map(alone)];
}

function alone(policy: Policy): Group {
  return groupOf([policy], []);
}

function groupOf(policies: readonly Policy[], each: readonly Group[]): Group {
  const sources = policies.map((policy) => ({ index: indexOf(policy.name), names: sourcesFor(policy) }));
  return { policies, each, sources: sources.filter(({ names }) => names.length > 0) };
}

interface SourcesOfPolicy {
  readonly index: number;
  readonly names: readonly SourceName[];
}

type SourceName = RecordedFacts['sources'][number];

function sourcesFor({ needs }: Policy): readonly SourceName[] {
  const ofRegistries = REGISTRY_NEEDS.filter((need) => needs.has(need)).map((need) => REGISTRY_QUESTIONS[need].source);
  return [...(needs.has('pullSecrets') ? (['secrets', 'serviceAccounts'] as const) : []), ...ofRegistries];
}

/** An image that one policy denies by its name is not looked up for the others. */
function readsRegistry({ needs }: Policy): boolean {
  return REGISTRY_NEEDS.some((need) => needs.has(need));
}

export interface Evaluated {
  readonly results: QuestionResults;
  /** Why questions are unknown, by index. */
  readonly reasons: ReadonlyMap<number, string>;
}

export async function evaluateQuestions(
  line: Recording,
  groups: readonly Group[],
  { context, counted }: { readonly context: Context; readonly counted: Counted },
): Promise<Evaluated> {
  const { read, namespace } = counted;
  const known: Known = {
    read,
    context: { ...contextOf(line, context), exceptions: undefined },
    denied: new Set(),
    unknown: new Map(),
  };
  for (const group of groups) {
    addMissing(line, group, known);
    await addFindings(group, known);
  }
  const { unknown } = known;
  const time = line.recorded === undefined ? undefined : Date.parse(line.recorded.time);
  const owner = ownerOf(read.request, time);
  return { results: { namespace, owner, denied: [...known.denied], unknown: [...unknown.keys()] }, reasons: unknown };
}

interface Known {
  readonly read: ReadRequest;
  /** Of the review. */
  readonly context: Context;
  readonly denied: Set<number>;
  readonly unknown: Map<number, string>;
}

async function addFindings({ policies, each }: Group, known: Known): Promise<void> {
  const decision = await validateRead(known.read, { ...known.context, policies }, NEVER);
  if (decision.outcome !== 'malformed') {
    for (const finding of decision.findings) addFinding(finding, known);
  } else if (each.length > 0) {
    // Many policies together can have too many findings for one object.
    for (const one of each) await addFindings(one, known);
  } else if (!decision.allowed) known.denied.add(indexOf(policies[0]?.name ?? ''));
}

/** A rule that needed no fact of this review passes, but its source of facts was not there to say anything. */
function addMissing({ recorded }: Recording, { sources }: Group, { unknown }: Known): void {
  const there: ReadonlySet<string> = new Set(recorded?.facts.sources ?? []);
  for (const { index, names } of sources) {
    const missing = names.find((name) => !there.has(name));
    if (missing !== undefined) unknown.set(index, SOURCE_TEXTS[missing]);
  }
}

const SOURCE_TEXTS: Readonly<Record<SourceName, string>> = {
  namespaces: 'the recording does not have the labels of namespaces',
  secrets: 'the recording does not have pull secrets',
  serviceAccounts: 'the recording does not have ServiceAccounts',
  images: 'the recording does not have the digests of images',
  imageDetails: 'the recording does not have the details of images',
  imageOrigins: 'the recording does not have the origins of images',
};

function addFinding({ policy, action, outcome, message }: Finding, { denied, unknown }: Known): void {
  const index = indexOf(policy);
  if (action === 'deny') denied.add(index);
  else if (outcome !== 'violation' && !unknown.has(index)) unknown.set(index, message);
}

function indexOf(name: string): number {
  return Number(name.slice('q-'.length));
}
