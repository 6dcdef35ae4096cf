/** Problems of resource requests and limits, for container-resources. */
import { quoteValue } from '../../image/quote.ts';
import type { Container } from '../../pod/containers.ts';
import { isObject } from '../../pod/pointer.ts';
import { exceeds, readQuantity, type Quantity } from '../../go/quantity.ts';
import {
  type Amount,
  type AmountKind,
  amountOf,
  amountPointer,
  AMOUNTS,
  parsedAmount,
  requestedBy,
  requestOf,
  type Resources,
  quantityText,
} from '../../pod/resources.ts';
import type { Beyond, Problem } from '../rule.ts';

export interface Bound {
  readonly resource: string;
  readonly quantity: Quantity;
}

/** The parsed parameters. */
export interface ResourceRequirements {
  readonly requests: readonly string[];
  readonly limits: readonly string[];
  readonly noLimits: readonly string[];
  readonly maxRatio: readonly Bound[];
  readonly min: readonly Bound[];
  readonly max: readonly Bound[];
}

/** A container, or the whole Pod, with the problems found so far. */
export interface ResourceHolder {
  readonly resources: Resources;
  readonly container: Container | undefined;
  readonly problems: Problem[];
}

interface AmountProblem {
  readonly kind: AmountKind;
  readonly resource: string;
  /** The rest of a sentence that begins with `cpu limit "2"`, or with "the container" if the amount is missing. */
  readonly what: string;
  readonly remedy: string;
  readonly beyond?: Beyond | undefined;
}

function add(
  { resources, container, problems }: ResourceHolder,
  amount: { readonly text: string } | undefined,
  problem: AmountProblem,
): void {
  const { kind, resource, what, remedy, beyond } = problem;
  const whose = container === undefined ? "the Pod's " : '';
  problems.push({
    state: 'violation',
    container,
    pointer: amountPointer(resources, kind, resource),
    message:
      amount === undefined
        ? `the container ${what}`
        : `${whose}${named(resource)} ${kind} ${quantityText(amount)} ${what}`,
    remedy,
    beyond,
  });
}

/** Resources in bytes. A fraction of a byte is usually "m" instead of "M". */
const BYTES = /^(?:memory|ephemeral-storage|hugepages-.*)$/;

/**
 * Amounts that the API server rejects or warns about (pkg/apis/core/validation, validateResourceRequirements;
 * pkg/api/pod/warnings.go).
 */
export function checkQuantities(holder: ResourceHolder): void {
  for (const kind of AMOUNTS) {
    for (const amount of holder.resources[kind].all) checkQuantity(holder, kind, amount);
  }
}

function checkQuantity(holder: ResourceHolder, kind: AmountKind, { resource, parsed }: Amount): void {
  if (!parsed.ok) {
    const what = `is not a valid quantity: ${parsed.problem}`;
    return add(holder, parsed, { kind, resource, what, remedy: 'use a quantity such as 100m, 0.5, 128Mi, or 2Gi' });
  }
  const { quantity } = parsed;
  const odd = quantityProblem(quantity, resource);
  if (odd !== undefined) add(holder, quantity, { kind, resource, ...odd });
  const limit = kind === 'request' ? amountOf(holder.resources, 'limit', resource) : undefined;
  if (limit === undefined || !exceeds(quantity, limit)) return;
  const what = `exceeds the limit ${quantityText(limit)}`;
  add(holder, quantity, { kind, resource, what, remedy: 'lower the request, or raise the limit' });
}

function quantityProblem(
  { text, isWhole, about }: Quantity,
  resource: string,
): Pick<AmountProblem, 'what' | 'remedy'> | undefined {
  if (about < 0) return { what: 'is negative', remedy: 'use 0 or more' };
  if (isWhole || !BYTES.test(resource)) return undefined;
  const number = /^([\d.]+)m$/.exec(text)?.[1];
  const what = number === undefined ? 'is not a whole number of bytes' : 'is in thousandths of a byte';
  return { what, remedy: number === undefined ? 'use whole bytes' : `use, for example, ${number}M or ${number}Mi` };
}

/** Finds required amounts that neither the container nor the Pod sets. The scheduler and the node treat 0 as not set. */
export function findMissing(holder: ResourceHolder, whole: Resources, requirements: ResourceRequirements): void {
  const { requests, limits } = requirements;
  const missing: Missing[] = [];
  const example = (resource: string): string => exampleOf(resource, holder, requirements);
  for (const resource of requests) {
    if (isSome(requestOf(holder.resources, resource)) || isSome(requestOf(whole, resource))) continue;
    findNone(holder, { kind: 'request', resource, example: example(resource) }, missing);
  }
  for (const resource of limits) {
    if (isSome(amountOf(holder.resources, 'limit', resource)) || isSome(amountOf(whole, 'limit', resource))) continue;
    findNone(holder, { kind: 'limit', resource, example: example(resource) }, missing);
  }
  if (missing.length === 0) return;
  const remedy = remedyFor(missing, holder.container?.fields['resources']);
  for (const { kind, resource } of missing) {
    add(holder, undefined, { kind, resource, what: `has no ${named(resource)} ${kind}`, remedy });
  }
}

interface Missing {
  readonly kind: AmountKind;
  readonly resource: string;
  readonly example: string;
}

function isSome(amount: Quantity | undefined): boolean {
  return amount !== undefined && amount.about > 0;
}

/** The amount is absent or counts as not set. */
function findNone(holder: ResourceHolder, entry: Missing, missing: Missing[]): void {
  const { resource, example } = entry;
  const kind = entry.kind === 'request' ? requestedBy(holder.resources, resource) : 'limit';
  const parsed = parsedAmount(holder.resources, kind, resource);
  if (parsed === undefined) missing.push(entry);
  // checkQuantities reports invalid quantities.
  else if (parsed.ok)
    add(holder, parsed.quantity, { kind, resource, what: 'counts as not set', remedy: `for example ${example}` });
}

/** Returns one remedy for the container, because two remedies for one map would repeat its key. */
function remedyFor(missing: readonly Missing[], present: unknown): string {
  const groups = AMOUNTS.toReversed().flatMap((kind) => {
    const amounts = missing.filter((one) => one.kind === kind);
    if (amounts.length === 0) return [];
    const entries = amounts.map(({ resource, example }) => `${named(resource)}: ${example}`).join(', ');
    return [{ key: `${kind}s`, entries }];
  });
  const maps = (those: typeof groups): string => those.map(({ key, entries }) => `${key}: {${entries}}`).join(', ');
  if (!isObject(present)) return `add resources: {${maps(groups)}}`;
  const absent = groups.filter(({ key }) => !isObject(present[key]));
  const inside = groups.filter(({ key }) => isObject(present[key]));
  return [
    ...(absent.length === 0 ? [] : [`add ${maps(absent)} to resources`]),
    ...inside.map(({ key, entries }) => `add ${entries} to resources.${key}`),
  ].join('; ');
}

/** Returns an example that causes no other problem: not below the existing request, and within the bounds of the policy. */
function exampleOf(resource: string, { resources }: ResourceHolder, { min, max }: ResourceRequirements): string {
  const usual = readQuantity(EXAMPLES.get(resource) ?? '1');
  if (!usual.ok) return '1';
  const boundOf = (bounds: readonly Bound[]): Quantity | undefined =>
    bounds.find((bound) => bound.resource === resource)?.quantity;
  const most = boundOf(max);
  const lowered = most !== undefined && exceeds(usual.quantity, most) ? most : usual.quantity;
  const raised = [boundOf(min), requestOf(resources, resource)].reduce(
    (highest: Quantity, least) => (least !== undefined && exceeds(least, highest) ? least : highest),
    lowered,
  );
  return raised.text.length > MAX_EXAMPLE ? usual.quantity.text : raised.text;
}

/** Characters; longer amounts only inflate messages. */
const MAX_EXAMPLE = 40;

const EXAMPLES = new Map([
  ['cpu', '100m'],
  ['memory', '128Mi'],
  ['ephemeral-storage', '1Gi'],
]);

/** Finds amounts that are not allowed, too small, or too large. */
export function findOutOfBounds(holder: ResourceHolder, { noLimits, maxRatio, min, max }: ResourceRequirements): void {
  for (const resource of noLimits) {
    const limit = amountOf(holder.resources, 'limit', resource);
    if (limit === undefined) continue;
    const remedy = `remove the ${named(resource)} limit`;
    add(holder, limit, { kind: 'limit', resource, what: 'is not allowed', remedy });
  }
  for (const bound of maxRatio) findOutOfRatio(holder, bound);
  for (const bound of max) findTooMuch(holder, bound);
  for (const bound of min) findTooLittle(holder, bound);
}

function findTooMuch(holder: ResourceHolder, { resource, quantity }: Bound): void {
  const kind = parsedAmount(holder.resources, 'limit', resource) === undefined ? 'request' : 'limit';
  const most = amountOf(holder.resources, kind, resource);
  if (most === undefined || !exceeds(most, quantity)) return;
  const what = `is more than the maximum ${quantityText(quantity)}`;
  const beyond = { bound: `max ${resource}`, by: most.milli - quantity.milli };
  add(holder, most, { kind, resource, what, remedy: `use at most ${quantity.text}`, beyond });
}

function findTooLittle(holder: ResourceHolder, { resource, quantity }: Bound): void {
  const request = requestOf(holder.resources, resource);
  if (request === undefined || !exceeds(quantity, request)) return;
  const what = `is less than the minimum ${quantityText(quantity)}`;
  const kind = requestedBy(holder.resources, resource);
  const beyond = { bound: `min ${resource}`, by: quantity.milli - request.milli };
  add(holder, request, { kind, resource, what, remedy: `use at least ${quantity.text}`, beyond });
}

const NANO = 10n ** 9n;

function findOutOfRatio(holder: ResourceHolder, { resource, quantity: ratio }: Bound): void {
  const limit = amountOf(holder.resources, 'limit', resource);
  const request = requestOf(holder.resources, resource);
  if (limit === undefined || request === undefined) return;
  if (limit.about * 1000 < request.about * ratio.about * 0.999 || limit.milli * NANO <= request.milli * ratio.nano)
    return;
  const what = `is more than ${ratio.text} times the request ${quantityText(request)}`;
  // Without a request, the ratio is undefined.
  const ratioOf = request.milli > 0n ? (limit.milli * NANO) / request.milli : undefined;
  const beyond = ratioOf === undefined ? undefined : { bound: `ratio ${resource}`, by: ratioOf };
  add(holder, limit, { kind: 'limit', resource, what, remedy: 'raise the request, or lower the limit', beyond });
}

/** Quotes unusual resource names, which can contain any text. */
function named(resource: string): string {
  return /^[A-Za-z0-9._/-]{1,100}$/.test(resource) ? resource : quoteValue(resource, 100);
}
