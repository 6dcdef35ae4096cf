/**
 * What other policies said about objects, in the objects that they keep in a cluster: policy reports (wgpolicyk8s.io and openreports.io,
 * as written by Kyverno and others), and the violations in the status of Gatekeeper's constraints.
 */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import { typeOf } from '../../pod/workload.ts';
import { SAID_RESULTS, type Said, type SaidAction } from '../../recording/said.ts';
import { saidMessage, saidName } from './message.ts';
import { peerOfSource } from './peers.ts';

/** An object that something was said about. */
export interface SubjectName {
  /** undefined: not stated. */
  readonly group: string | undefined;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
}

export interface Statement {
  readonly about: SubjectName;
  readonly said: Said;
}

/** The groups of all kinds that are read here. */
export const REPORT_GROUPS = ['wgpolicyk8s.io', 'openreports.io', 'constraints.gatekeeper.sh'] as const;

const REPORT_KINDS = new Set(['PolicyReport', 'ClusterPolicyReport', 'Report', 'ClusterReport']);

/** undefined: the object is of another kind. */
export function statementsIn(object: JsonObject): readonly Statement[] | undefined {
  const { group, kind } = typeOf(object);
  if (group === 'constraints.gatekeeper.sh') return violationsIn(object, kind);
  const isReport = (group === 'wgpolicyk8s.io' || group === 'openreports.io') && REPORT_KINDS.has(kind);
  return isReport ? resultsIn(object) : undefined;
}

/** A report is about its scope, or each result names its objects: `resources`, and `subjects` in newer versions. */
function resultsIn(report: JsonObject): readonly Statement[] {
  const scope = isObject(report['scope']) ? [report['scope']] : [];
  return objectsIn(report['results']).flatMap((result) => {
    const said = saidIn(result, report['source']);
    const named = [...objectsIn(result['resources']), ...objectsIn(result['subjects'])];
    if (said === undefined) return [];
    return (named.length === 0 ? scope : named).map((subject) => ({ about: subjectOf(subject), said }));
  });
}

function saidIn({ policy, rule, result, message, source }: JsonObject, by: unknown): Said | undefined {
  const known = SAID_RESULTS.find((each) => each === result);
  if (known === undefined || typeof policy !== 'string') return undefined;
  const origin = textOf(source) || textOf(by) || 'policy-report';
  return {
    by: peerOfSource(saidName(origin)),
    policy: saidName(policy),
    rule: saidName(textOf(rule)) || undefined,
    result: known,
    message: known === 'pass' ? undefined : saidMessage(message),
  };
}

const ACTIONS: ReadonlyMap<string, SaidAction> = new Map([
  ['deny', 'deny'],
  ['warn', 'warn'],
  ['dryrun', 'audit'],
]);

/** Gatekeeper lists only violations, and by default at most 20 for each constraint. */
function violationsIn({ metadata, status }: JsonObject, kind: string): readonly Statement[] {
  const policy = saidName(isObject(metadata) ? textOf(metadata['name']) : '');
  return objectsIn(isObject(status) ? status['violations'] : undefined).map((violation) => ({
    about: { ...subjectOf(violation), group: typeof violation['group'] === 'string' ? violation['group'] : undefined },
    said: {
      by: 'gatekeeper',
      policy,
      rule: saidName(kind),
      result: 'fail',
      action: ACTIONS.get(textOf(violation['enforcementAction'])),
      message: saidMessage(violation['message']),
    },
  }));
}

function subjectOf(subject: JsonObject): SubjectName {
  const { group, kind } = typeOf(subject);
  const isTyped = typeof subject['apiVersion'] === 'string';
  return {
    group: isTyped ? group : undefined,
    kind,
    namespace: textOf(subject['namespace']),
    name: textOf(subject['name']),
    uid: textOf(subject['uid']) || undefined,
  };
}

function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
