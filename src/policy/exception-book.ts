/**
 * Applies exceptions to findings. An excused finding is still reported, without effect. An expired exception has no effect, but
 * the findings that it matches mention it.
 */
import { trusted } from '../image/trusted.ts';
import type { Container } from '../pod/containers.ts';
import type { Finding } from './finding.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { ImageException, ExceptionMatch } from './exception.ts';

/** All exceptions that are loaded, and the clock. */
export interface ExceptionBook {
  readonly all: readonly ImageException[];
  /** The exceptions for one object, at the current time. */
  excusesFor(request: ScopeRequest): Excuses;
}

export interface Excuses {
  /** Returns the finding, excused if an exception matches it. */
  applied(finding: Finding): Finding;
}

/** `now` returns Unix time in milliseconds. */
export function exceptionBook(all: readonly ImageException[], now: () => number): ExceptionBook {
  const byRule = new Map<string, ImageException[]>();
  // The latest expiry date comes first: if that exception has expired, all have.
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

/** Neither name can contain "/". */
function keyOf(policy: string, rule: string): string {
  return `${policy}/${rule}`;
}

function excusedBy(candidates: readonly ImageException[], finding: Finding, moment: number): Finding {
  const { action, outcome } = finding;
  // The failure of a rule is not a finding that the owner of an exception accepted.
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

/** Exceptions for containers or images excuse no findings about the whole object, unnamed containers, or invalid images. */
function coversContainer(match: ExceptionMatch, container: Container | undefined): boolean {
  if (match.container === undefined && match.images === undefined) return true;
  if (container === undefined) return false;
  const { name, image } = container;
  if (match.container !== undefined && (name === undefined || !match.container(name))) return false;
  if (match.images === undefined) return true;
  return image.state === 'parsed' && trusted(match.images, image.reference) !== undefined;
}

/** Runs after the comparison with the stored object, because that compares messages. */
export function noteExpired(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const { lapsed, message } = finding;
    if (lapsed === undefined) return finding;
    const { name, owner, expires } = lapsed;
    return { ...finding, message: `${message}; exception ${name} (owner ${owner}) expired on ${expires}` };
  });
}
