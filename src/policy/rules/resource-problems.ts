/** What can be wrong with amounts of resources, said in sentences; used by container-resources. */
import { quoteValue } from '../../image/quote.ts';
import type { Container } from '../../pod/containers.ts';
import { escapeSegment } from '../../pod/pointer.ts';
import { milliOf, type Quantity, quantityText } from '../../pod/quantity.ts';
import { type Amount, type AmountKind, requestOf, type Resources } from '../../pod/resources.ts';
import type { Problem } from '../rule.ts';

interface Bound {
  readonly resource: string;
  readonly quantity: Quantity;
}

/** The parameters, read. */
export interface Asked {
  readonly requests: readonly string[];
  readonly limits: readonly string[];
  readonly noLimits: readonly string[];
  readonly maxRatio: readonly Bound[];
  readonly min: readonly Bound[];
  readonly max: readonly Bound[];
}

/** Whose amounts they are: of a container, or `the Pod's `. */
export interface Bearer {
  readonly container: Container | undefined;
  readonly whose: string;
}

/** Counted in bytes: less than one makes no sense, and mostly "m" was meant to be "M". */
const BYTES = /^(?:memory|ephemeral-storage|hugepages-.*)$/;

/** What the API server refuses, or warns of (pkg/apis/core/validation, validateResourceRequirements; pkg/api/pod/warnings.go). */
export function amountProblems(resources: Resources, { container, whose }: Bearer): readonly Problem[] {
  const { requests, limits, unread } = resources;
  if (unread.length === 0 && requests.size === 0 && limits.size === 0) return NOTHING;
  const found: Problem[] = unread.map(({ kind, resource, text, problem, pointer }) => ({
    state: 'violation',
    container,
    pointer,
    message: `${whose}${named(resource)} ${kind} ${quantityText({ text })} is not a quantity: ${problem}`,
    remedy: 'for example 100m, 0.5, 128Mi or 2Gi',
  }));
  for (const amounts of [requests, limits]) {
    for (const amount of amounts.values()) {
      const odd = oddAmount(amount);
      if (odd === undefined) continue;
      const message = `${whose}${shown(amount)} ${odd.what}`;
      found.push({ state: 'violation', container, pointer: amount.pointer, message, remedy: odd.remedy });
    }
  }
  for (const request of requests.values()) {
    const limit = limits.get(request.resource);
    if (limit === undefined || request.milli <= limit.milli) continue;
    const message = `${whose}${shown(request)} is more than the limit ${quantityText(limit)}`;
    found.push({
      state: 'violation',
      container,
      pointer: request.pointer,
      message,
      remedy: 'a request is at most its limit',
    });
  }
  return found;
}

const NOTHING: readonly never[] = [];

function oddAmount({ resource, text, milli }: Amount): { readonly what: string; readonly remedy: string } | undefined {
  if (milli < 0n) return { what: 'is negative', remedy: 'an amount is 0 or more' };
  if (milli % 1000n === 0n || !BYTES.test(resource)) return undefined;
  const number = /^([\d.]+)m$/.exec(text)?.[1];
  const what = number === undefined ? 'is no whole number of bytes' : 'is counted in thousandths of a byte';
  return { what, remedy: number === undefined ? 'write whole bytes' : `for example ${number}M or ${number}Mi` };
}

/** What is asked for and not there, in the container or in the Pod around it. Zero is none, to the scheduler and to the node. */
export function missingAmounts(
  { own, whole }: { readonly own: Resources; readonly whole: Resources | undefined },
  asked: Asked,
  container: Container,
): readonly Problem[] {
  const found: Problem[] = [];
  const miss = (kind: AmountKind, resource: string, amount: Amount | undefined): void => {
    if (own.unread.some((unread) => unread.kind === kind && unread.resource === resource)) return;
    found.push({
      state: 'violation',
      container,
      pointer: amount?.pointer ?? `${own.pointer}/${kind}s/${escapeSegment(resource)}`,
      message: amount === undefined ? `the container has no ${named(resource)} ${kind}` : `${shown(amount)} means none`,
      remedy: `set resources.${kind}s: {${named(resource)}: ${EXAMPLES.get(resource) ?? '1'}}`,
    });
  };
  for (const resource of asked.requests) {
    const request = requestOf(own, resource);
    if (!isSome(request) && !isSome(whole && requestOf(whole, resource))) miss('request', resource, request);
  }
  for (const resource of asked.limits) {
    const limit = own.limits.get(resource);
    if (!isSome(limit) && !isSome(whole?.limits.get(resource))) miss('limit', resource, limit);
  }
  return found;
}

const EXAMPLES = new Map([
  ['cpu', '100m'],
  ['memory', '128Mi'],
  ['ephemeral-storage', '1Gi'],
]);

function isSome(amount: Amount | undefined): boolean {
  return amount !== undefined && amount.milli > 0n;
}

/** What is there and should be less, or more, or not be there. */
export function boundProblems(resources: Resources, asked: Asked, { container, whose }: Bearer): readonly Problem[] {
  const odd = [
    ...asked.noLimits.map((resource) => unwanted(resources.limits.get(resource))),
    ...asked.maxRatio.map((bound) => outOfRatio(resources, bound)),
    ...asked.max.map((bound) => tooMuch(resources, bound)),
    ...asked.min.map((bound) => tooLittle(resources, bound)),
  ];
  if (odd.every((one) => one === undefined)) return NOTHING;
  return odd.flatMap((one): readonly Problem[] => {
    if (one === undefined) return NOTHING;
    const { amount, what, remedy } = one;
    const message = `${whose}${shown(amount)} ${what}`;
    return [{ state: 'violation', container, pointer: amount.pointer, message, remedy }];
  });
}

interface Odd {
  readonly amount: Amount;
  readonly what: string;
  readonly remedy: string;
}

function unwanted(limit: Amount | undefined): Odd | undefined {
  if (limit === undefined) return undefined;
  return { amount: limit, what: 'is not wanted', remedy: `leave out the ${named(limit.resource)} limit` };
}

function outOfRatio(resources: Resources, { resource, quantity }: Bound): Odd | undefined {
  const limit = resources.limits.get(resource);
  const request = requestOf(resources, resource);
  if (limit === undefined || request === undefined) return undefined;
  if (limit.milli * NANO <= request.milli * quantity.nano) return undefined;
  const what = `is more than ${quantity.text} times the request ${quantityText(request)}`;
  return { amount: limit, what, remedy: 'raise the request, or lower the limit' };
}

function tooMuch(resources: Resources, { resource, quantity }: Bound): Odd | undefined {
  const amount = resources.limits.get(resource) ?? resources.requests.get(resource);
  if (amount === undefined || amount.milli <= milliOf(quantity)) return undefined;
  return { amount, what: `is more than ${quantityText(quantity)}`, remedy: `at most ${quantity.text}` };
}

function tooLittle(resources: Resources, { resource, quantity }: Bound): Odd | undefined {
  const amount = requestOf(resources, resource);
  if (amount === undefined || amount.milli >= milliOf(quantity)) return undefined;
  return { amount, what: `is less than ${quantityText(quantity)}`, remedy: `at least ${quantity.text}` };
}

const NANO = 10n ** 9n;

/** `cpu limit "2"` */
function shown(amount: Amount): string {
  return `${named(amount.resource)} ${amount.kind} ${quantityText(amount)}`;
}

/** Names of resources are other people's text. */
function named(resource: string): string {
  return /^[A-Za-z0-9._/-]{1,100}$/.test(resource) ? resource : quoteValue(resource, 100);
}
