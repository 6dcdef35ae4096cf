/** Counts what policies and exceptions did over many decisions, to report those that had no effect. */
import type { Finding } from '../policy/finding.ts';
import type { ImageException } from '../policy/exception.ts';
import { documentLabel, type Notice } from '../policy/notice.ts';
import type { Policy } from '../policy/policy.ts';
import type { Decision } from './validate.ts';

export interface PolicyUsage {
  /** Objects that it applied to. */
  readonly workloads: number;
  /** Containers in them that its rules checked. */
  readonly containers: number;
}

export interface ExceptionUsage {
  /** Findings that it excused. */
  readonly excused: number;
  /** Findings that it would have excused, had it not expired. */
  readonly missed: number;
}

export interface Usage {
  /** Objects that were evaluated. */
  readonly workloads: number;
  /** Objects that at least one policy applied to. */
  readonly covered: number;
  policy(name: string): PolicyUsage;
  exception(name: string): ExceptionUsage;
  /** Findings of one rule of one policy, including excused findings. */
  findings(policy: string, rule: string): number;
}

export interface UsageCount extends Usage {
  /** undefined: the object was not evaluated. */
  add(counted: Counted | undefined): void;
}

/** What a decision adds to the counts; it keeps nothing of the object. */
export interface Counted {
  readonly covered: readonly { readonly policy: string; readonly containers: number }[];
  readonly findings: readonly Pick<Finding, 'policy' | 'rule' | 'excuse' | 'lapsed'>[];
}

export function countedIn(decision: Decision): Counted | undefined {
  if (decision.outcome !== 'evaluated') return undefined;
  const { covered, findings, workload } = decision;
  return {
    covered: covered.map(({ policy, coverage }) => ({
      policy: policy.name,
      containers: (coverage.containers ?? workload.containers).length,
    })),
    findings: findings.map(({ policy, rule, excuse, lapsed }) => ({ policy, rule, excuse, lapsed })),
  };
}

type Counts = Map<string, number>;

/** Starts with all counts at 0. */
export function countUsage(): UsageCount {
  let workloads = 0;
  let covered = 0;
  const [applied, checked, found]: readonly [Counts, Counts, Counts] = [new Map(), new Map(), new Map()];
  const [excused, missed]: readonly [Counts, Counts] = [new Map(), new Map()];
  return {
    get workloads() {
      return workloads;
    },
    get covered() {
      return covered;
    },
    policy: (name) => ({ workloads: applied.get(name) ?? 0, containers: checked.get(name) ?? 0 }),
    exception: (name) => ({ excused: excused.get(name) ?? 0, missed: missed.get(name) ?? 0 }),
    findings: (policy, rule) => found.get(`${policy}/${rule}`) ?? 0,
    add(counted) {
      if (counted === undefined) return;
      workloads += 1;
      if (counted.covered.length > 0) covered += 1;
      for (const { policy, containers } of counted.covered) {
        raise(applied, policy, 1);
        raise(checked, policy, containers);
      }
      for (const finding of counted.findings) addFinding(finding);
    },
  };

  function addFinding({ policy, rule, excuse, lapsed }: Counted['findings'][number]): void {
    raise(found, `${policy}/${rule}`, 1);
    if (excuse !== undefined) raise(excused, excuse.exception.name, 1);
    if (lapsed !== undefined) raise(missed, lapsed.name, 1);
  }
}

function raise(counts: Counts, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export interface Loaded {
  readonly policies: readonly Policy[];
  readonly exceptions: readonly ImageException[];
}

/** Policies and rules that checked nothing, and exceptions that matched nothing. None if there was nothing to check. */
export function usageNotices({ policies, exceptions }: Loaded, usage: Usage, now: number): readonly Notice[] {
  if (usage.workloads === 0) return [];
  return [
    ...policies.flatMap((policy) => policyNotice(policy, usage)),
    ...exceptions.flatMap((exception) => exceptionNotice(exception, usage, now)),
  ];
}

function policyNotice({ name, bindings }: Policy, usage: Usage): readonly Notice[] {
  const { workloads, containers } = usage.policy(name);
  if (containers > 0) return [];
  const kind = 'ImagePolicy';
  const matched = `${documentLabel(kind, name)} matched ${workloads} of ${count(usage.workloads, 'workload')}`;
  if (workloads === 0) return [{ kind, name, pointer: '/metadata/name', message: matched }];
  return bindings.map(({ rule }, index) => {
    const message = `rule ${rule} of ${documentLabel(kind, name)} checked no containers: the policy matched ${count(workloads, 'workload')} but no containers in them`;
    return { kind, name, rule, pointer: `/spec/rules/${index}/rule`, message };
  });
}

/** `expiryNotices` reports expired exceptions. */
function exceptionNotice({ name, endsAt }: ImageException, usage: Usage, now: number): readonly Notice[] {
  if (now >= endsAt || usage.exception(name).excused > 0) return [];
  const kind = 'ImagePolicyException';
  return [{ kind, name, pointer: '/metadata/name', message: `${documentLabel(kind, name)} matched no findings` }];
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
