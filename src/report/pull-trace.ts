/** Formats the trace of a pull as text. */
import type { SecretFault } from '../credential/keyring.ts';
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import { DAY_MS, dayOf } from '../go/date.ts';
import { isCredentialRejected, type RegistryDetails, type RegistryFact } from '../policy/registry-fact.ts';
import { platformText } from '../policy/rules/platforms.ts';
import type { PullAttempt, PullTrace } from '../lookup/trace.ts';

export interface TracedImage {
  readonly reference: ImageReference;
  /** A single fault stops the kubelet from pulling any image for the Pod, so no registry is queried. */
  readonly faults: readonly SecretFault[];
  /** undefined if there are faults. */
  readonly trace: PullTrace | undefined;
}

/** `no`: the registry does not have the image, or rejects the credentials. */
export type PullOutcome = 'yes' | 'no' | 'unknown';

export function pullOutcome({ trace }: TracedImage): PullOutcome {
  if (trace === undefined) return 'no';
  const { image } = trace;
  return image.state === 'unknown' && isCredentialRejected(image.failure) ? 'no' : image.state;
}

/** Returns lines without a final line break. `now` is Unix time in milliseconds. */
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

/** Hostnames, and texts from image indexes, can have any length. */
const MAX_LINE = 800;

function row(name: string, value: string): string {
  return `  ${name.padEnd(12)}  ${value}`;
}

function faultLines(faults: readonly SecretFault[]): readonly string[] {
  return [
    '  The kubelet pulls no images for the Pod: a pull secret is malformed',
    ...faults.map(
      ({ secret, key, problem }) => `    pull secret ${quoteValue(secret)}, key ${quoteValue(key)}: ${problem}`,
    ),
  ];
}

function traceLines(
  reference: ImageReference,
  { attempts, image, details }: PullTrace,
  now: number,
): readonly string[] {
  const lines = attempts.map(
    ({ credential, mirror, answer }, index) =>
      `    ${index + 1}. ${mirror === undefined ? reference.domain : `mirror ${mirror}`}, ${credential}: ${resultText(answer)}`,
  );
  return [
    ...(lines.length === 0 ? ['  no registry was queried'] : ['  attempts', ...lines]),
    ...(image.state === 'yes' ? [row('digest', image.value.digest), row('media type', image.value.mediaType)] : []),
    ...(details === undefined ? [] : detailLines(details, now)),
    ...outcomeLines(image),
  ];
}

function resultText(answer: PullAttempt['answer']): string {
  return answer.state === 'yes' ? `has it, ${answer.value.digest}` : answer.failure.message;
}

function detailLines(details: RegistryFact<RegistryDetails>, now: number): readonly string[] {
  if (details.state !== 'yes') return [`  cannot determine its platforms, size, and age: ${details.failure.message}`];
  const { platforms, sizeBytes, createdMs } = details.value;
  const [first] = platforms;
  const of = platforms.length > 1 && first !== undefined ? `, for ${platformText(first)}` : '';
  return [
    row('platforms', platforms.length === 0 ? 'not specified' : platforms.map(platformText).join(', ')),
    row('size', `${sizeText(sizeBytes)} compressed${of}`),
    row('built on', createdMs === undefined ? 'no creation date' : builtText(createdMs, now)),
  ];
}

function builtText(createdMs: number, now: number): string {
  const days = Math.floor((now - createdMs) / DAY_MS);
  const day = dayOf(createdMs);
  if (days < 0) return `${day}, in the future`;
  return `${day}, ${days === 1 ? '1 day' : `${days} days`} ago`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** Formats a size in decimal units, as registries do: `27.3 MB`. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // 999.95 would round to 1000.0, so it takes the next unit.
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
