/** Semantic versions (semver.org), as Kubernetes' functions read them. */
import { CelError } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { MAX_UINT, type Semver } from '../value.ts';
import { comparisons } from './quantities.ts';
import { int } from './numbers.ts';

const TYPE = 'kubernetes.Semver';

export const VERSIONS: readonly Overload[] = [
  func(`semver(string): ${TYPE}`, ([text]: [string]) => versionOf(text)),
  func(`semver(string, bool): ${TYPE}`, ([text, lenient]: [string, boolean]) =>
    versionOf(lenient ? normalized(text) : text),
  ),
  func('isSemver(string): bool', ([text]: [string]) => parse(text) !== undefined),
  func(
    'isSemver(string, bool): bool',
    ([text, lenient]: [string, boolean]) => parse(lenient ? normalized(text) : text) !== undefined,
  ),
  ...['major', 'minor', 'patch'].map((name, index) =>
    method(`${TYPE}.${name}(): int`, ([version]: [Semver]) => int(version.numbers[index] ?? 0n)),
  ),
  ...comparisons(TYPE),
];

function versionOf(text: string | undefined): Semver {
  const version = parse(text);
  if (version === undefined) throw new CelError('the text is not a version like 1.2.3');
  return version;
}

const VERSION = /^(\d{1,20})\.(\d{1,20})\.(\d{1,20})(?:-([0-9A-Za-z.-]*))?(?:\+([0-9A-Za-z.-]*))?$/;
const MAX_LENGTH = 300;

function parse(text: string | undefined): Semver | undefined {
  const match = text === undefined || text.length > MAX_LENGTH ? null : VERSION.exec(text);
  if (match === null) return undefined;
  const parts = match[4]?.split('.') ?? [];
  if (!match.slice(1, 4).every(isNumber) || !parts.every(isPart) || match[5]?.split('.').includes('')) return undefined;
  return { tag: 'semver', numbers: match.slice(1, 4).map(BigInt), pre: parts.map(partOf) };
}

function partOf(text: string): string | bigint {
  return isDigits(text) ? BigInt(text) : text;
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}

function isPart(text: string): boolean {
  return text !== '' && (!isDigits(text) || isNumber(text));
}

function isNumber(text: string): boolean {
  return text.length <= 20 && (text === '0' || !text.startsWith('0')) && BigInt(text) <= MAX_UINT;
}

/** Removes "v" and leading zeros, and adds missing numbers. `undefined`: a short version has a pre-release or build part. */
function normalized(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [major = '', minor, ...rest] = (text.startsWith('v') ? text.slice(1) : text).split('.');
  const patch = rest.length === 0 ? undefined : rest.join('.');
  if (patch === undefined && /[+-]/.test(minor ?? major)) return undefined;
  return [major, minor ?? '0', patch ?? '0'].map(trimmed).join('.');
}

function trimmed(part: string): string {
  const bare = part.replace(/^0+(?=\d)/, '');
  return part.length > 1 && !/^\d/.test(bare) ? `0${bare}` : bare;
}
