/** The whole way of an image from a registry to a node, for people. */
import type { SecretFault } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import { DAY_MS, dayOf } from '../go/date.ts';
import { isCredentialRejected, type RegistryDetails, type RegistryFact } from '../policy/registry-fact.ts';
import { platformText } from '../policy/rules/platforms.ts';
import type { PullAttempt, PullTrace } from '../lookup/trace.ts';

export interface TracedImage {
  readonly reference: ImageReference;
  /** With any of them the kubelet pulls nothing, so no registry is asked. */
  readonly faults: readonly SecretFault[];
  /** Not there when there are faults. */
  readonly trace: PullTrace | undefined;
}

/** `no`: the registry says so, of the image or of the credentials that were given. */
export type PullOutcome = 'yes' | 'no' | 'unknown';

export function pullOutcome({ trace }: TracedImage): PullOutcome {
  if (trace === undefined) return 'no';
  const { image } = trace;
  return image.state === 'unknown' && isCredentialRejected(image.failure) ? 'no' : image.state;
}

/** Several lines without a line break at the end. `now` in milliseconds since 1970. */
export function pullText(traced: TracedImage, now: number): string {
  const { reference, trace, faults } = traced;
  const lines = [
    quoteValue(reference.text),
    row('looked up as', reference.repository),
    row('pulled as', reference.runtimeName),
    ...(trace === undefined ? faultLines(faults) : traceLines(reference, trace, now)),
  ];
  return lines.map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line)).join('\n');
}

/** A host name, or what an index says, can be of any length. */
const MAX_LINE = 800;

function row(name: string, value: string): string {
  return `  ${name.padEnd(12)}  ${value}`;
}

function faultLines(faults: readonly SecretFault[]): readonly string[] {
  return [
    '  The kubelet pulls no images for the Pod: a pull secret is malformed',
    ...faults.map(({ secret, key, problem }) => `    secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`),
  ];
}

function traceLines(
  reference: ImageReference,
  { attempts, image, details }: PullTrace,
  now: number,
): readonly string[] {
  const asked = attempts.map(
    ({ credential, mirror, answer }, index) =>
      `    ${index + 1}. ${mirror === undefined ? reference.domain : `mirror ${mirror}`}, ${credential}: ${answerText(answer)}`,
  );
  return [
    ...(asked.length === 0 ? ['  no registry was queried'] : ['  asked', ...asked]),
    ...(image.state === 'yes' ? [row('digest', image.value.digest), row('media type', image.value.mediaType)] : []),
    ...(details === undefined ? [] : detailLines(details, now)),
    ...outcomeLines(image),
  ];
}

function answerText(answer: PullAttempt['answer']): string {
  return answer.state === 'yes' ? `has it, ${answer.value.digest}` : answer.failure.message;
}

function detailLines(details: RegistryFact<RegistryDetails>, now: number): readonly string[] {
  if (details.state !== 'yes') return [`  cannot determine its platforms, size, and age: ${details.failure.message}`];
  const { platforms, sizeBytes, createdMs } = details.value;
  const [first] = platforms;
  const of = platforms.length > 1 && first !== undefined ? `, for ${platformText(first)}` : '';
  return [
    row('platforms', platforms.length === 0 ? 'none are named' : platforms.map(platformText).join(', ')),
    row('size', `${sizeText(sizeBytes)} compressed${of}`),
    row('made on', createdMs === undefined ? 'no date is given' : madeText(createdMs, now)),
  ];
}

function madeText(createdMs: number, now: number): string {
  const days = Math.floor((now - createdMs) / DAY_MS);
  const day = dayOf(createdMs);
  if (days < 0) return `${day}, which is still to come`;
  return `${day}, ${days === 1 ? '1 day' : `${days} days`} ago`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** In thousands, as registries and disks count: `27.3 MB`. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // What would round up to 1000 is one of the next unit.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

function outcomeLines(image: PullTrace['image']): readonly string[] {
  if (image.state === 'yes') return ['  The image can be pulled'];
  const { failure } = image;
  const remedy = failure.remedy === undefined ? [] : [`    ${failure.remedy}`];
  if (image.state === 'no') return [`  The image does not exist: ${failure.message}`, ...remedy];
  if (!isCredentialRejected(failure))
    return [`  Cannot determine whether the image can be pulled: ${failure.message}`, ...remedy];
  return [
    `  The image cannot be pulled with these credentials: ${failure.message}`,
    ...remedy,
    '    A node may have its own credentials',
  ];
}
