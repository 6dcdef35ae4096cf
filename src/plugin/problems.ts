/** Validates the problems that a plugin's check returns. */
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import { CAUSERS, type Problem } from '../policy/rule.ts';

/** Limits memory; more problems do not change the decision. */
const MAX_PROBLEMS = 10_000;
const MAX_TEXT = 2000;
const MAX_POINTER = 5000;

export interface ParsedProblems {
  readonly problems: readonly Problem[];
  /** A sentence fragment about the rule, safe to print. */
  readonly fault: string | undefined;
}

/** Valid problems count even if others are invalid. */
export function parseProblems(result: unknown, containers: readonly Container[]): ParsedProblems {
  if (result instanceof Promise) {
    // An unhandled rejection would end the server.
    result.catch(() => undefined);
    return { problems: [], fault: 'the rule returned a promise; rules must return a list synchronously' };
  }
  if (!Array.isArray(result)) {
    return { problems: [], fault: `the rule returned ${jsonType(result)} instead of a list of problems` };
  }
  const problems: Problem[] = [];
  let fault: string | undefined;
  const inScope = new Set(result.length === 0 ? [] : containers);
  for (let index = 0; index < Math.min(result.length, MAX_PROBLEMS); index++) {
    const read = parseProblem(result[index], inScope);
    if (typeof read === 'object') problems.push(read);
    else fault ??= `the rule returned an invalid problem (number ${index + 1}): ${read}`;
  }
  if (result.length > MAX_PROBLEMS) {
    fault ??= `the rule returned ${result.length} problems; only the first ${MAX_PROBLEMS} count`;
  }
  return { problems, fault };
}

/** Returns a copy of the problem, or a fault. */
function parseProblem(value: unknown, inScope: ReadonlySet<unknown>): Problem | string {
  // From an async callback in map(): an unhandled rejection would end the server.
  if (value instanceof Promise) value.catch(() => undefined);
  if (!isObject(value)) return `expected an object, found ${jsonType(value)}`;
  // Reads each property once, because a getter can return different values.
  const { state, container, pointer, message, remedy, unreadable, causedBy, harmless } = value;
  const read = { state, container, pointer, message, remedy, unreadable, causedBy, harmless };
  const wrong = faultOf(read) ?? (container === undefined || inScope.has(container) ? undefined : NOT_IN_SCOPE);
  if (wrong !== undefined) return wrong;
  const problem = read as Problem;
  return {
    ...problem,
    message: shortened(problem.message),
    ...(problem.remedy === undefined ? {} : { remedy: shortened(problem.remedy) }),
  };
}

const NOT_IN_SCOPE = 'container: not in subject.containers (use undefined for the whole object)';

const ACCEPTED: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  state: [(value) => value === 'violation' || value === 'unknown', '"violation" or "unknown"'],
  pointer: [isPointer, 'a JSON Pointer from the root of the object'],
  message: [(value) => typeof value === 'string' && value.trim() !== '', 'a sentence'],
  remedy: [(value) => value === undefined || typeof value === 'string', 'a sentence, or nothing'],
  causedBy: [
    (value) => value === undefined || CAUSERS.some((causer) => causer === value),
    `one of ${CAUSERS.join(', ')}, or nothing`,
  ],
  harmless: [(value) => value === undefined || value === true, 'true, or nothing'],
  unreadable: [(value) => value === undefined || value === true, 'true, or nothing'],
};

function faultOf(problem: JsonObject): string | undefined {
  for (const [key, [accepts, what]] of Object.entries(ACCEPTED)) {
    const value = problem[key];
    if (accepts(value)) continue;
    return `${key}: expected ${what}, found ${typeof value === 'string' ? quoteValue(value) : jsonType(value)}`;
  }
  return undefined;
}

function isPointer(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_POINTER && (value === '' || value.startsWith('/'));
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`.toWellFormed();
}
