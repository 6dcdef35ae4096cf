/**
 * Exceptions: findings that are told and do nothing, for a while, because somebody answers for them. One that is used is
 * never silent, and one that has expired is as if it were not there, except that findings say so.
 */
import { trusted } from '../image/trusted.ts';
import type { Container } from '../pod/containers.ts';
import type { Finding } from './finding.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { ImageException, ExceptionMatch } from './exception.ts';

/** All exceptions that are loaded, and the clock. */
export interface ExceptionBook {
  readonly all: readonly ImageException[];
  /** Of one object, at this moment. */
  excusesFor(request: ScopeRequest): Excuses;
}

export interface Excuses {
  /** The finding as it is with its exception, if it has one. */
  applied(finding: Finding): Finding;
}

/** `now` in milliseconds since 1970. */
export function exceptionBook(all: readonly ImageException[], now: () => number): ExceptionBook {
  const byRule = new Map<string, ImageException[]>();
  // The one that lasts longest comes first: when that has expired, all have.
  for (const exception of all.toSorted((one, other) => other.endsAt - one.endsAt)) {
    for (const rule of exception.rules) {
      const key = keyOf(exception.policy, rule);
      const known = byRule.get(key);
      if (known === undefined) byRule.set(key, [exception]);
      else if (!known.includes(exception)) known.push(exception);
    }
  }
  return {
    all,
    excusesFor(request) {
      const moment = now();
      const concerned = new Map<string, readonly ImageException[]>();
      return {
        applied(finding) {
          const key = keyOf(finding.policy, finding.rule);
          let candidates = concerned.get(key);
          if (candidates === undefined) {
            candidates = (byRule.get(key) ?? []).filter(({ match }) => coversObject(match, request));
            concerned.set(key, candidates);
          }
          return excusedBy(candidates, finding, moment);
        },
      };
    },
  };
}

/** Neither name can have a "/" in it. */
function keyOf(policy: string, rule: string): string {
  return `${policy}/${rule}`;
}

function excusedBy(candidates: readonly ImageException[], finding: Finding, moment: number): Finding {
  const { action, outcome } = finding;
  // A rule that failed has said nothing that anybody could have agreed to.
  if (candidates.length === 0 || outcome === 'error' || action === 'excused') return finding;
  const exception = candidates.find(({ match }) => coversContainer(match, finding.container));
  if (exception === undefined) return finding;
  if (moment >= exception.endsAt) return { ...finding, lapsed: exception };
  return { ...finding, action: 'excused', excuse: { exception, insteadOf: action } };
}

function coversObject({ namespace, kind, name }: ExceptionMatch, request: ScopeRequest): boolean {
  const { type, name: objectName } = request.workload;
  if (namespace !== undefined && (request.namespace === undefined || !namespace(request.namespace))) return false;
  if (kind !== undefined && !kind(type.kind) && !kind(`${type.kind}.${type.group}`)) return false;
  return name === undefined || name(objectName);
}

/** What is said of the whole object is not said of a container; what cannot be read or has no name is never the one meant. */
function coversContainer(match: ExceptionMatch, container: Container | undefined): boolean {
  if (match.container === undefined && match.images === undefined) return true;
  if (container === undefined) return false;
  const { name, image } = container;
  if (match.container !== undefined && (name === undefined || !match.container(name))) return false;
  if (match.images === undefined) return true;
  return image.state === 'parsed' && trusted(match.images, image.reference) !== undefined;
}

/** Last of all, so that a finding is compared with what the old object had as if there were no exceptions. */
export function noteExpired(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const { lapsed, message } = finding;
    if (lapsed === undefined) return finding;
    const { name, owner, expires } = lapsed;
    return { ...finding, message: `${message}; exception ${name} (owner ${owner}) expired on ${expires}` };
  });
}
