/** Checks label selectors by the rules of the API server (apimachinery ValidateLabelSelector). */
import { quoteValue } from '../image/quote.ts';
import { escapeSegment } from '../pod/pointer.ts';
import { globFault } from './glob-fault.ts';
import { NAMESPACE } from './glob-field.ts';
import { isLabelName, isQualifiedName } from './name-language.ts';
import { type LabelSelector, NAME_LABEL } from './selector.ts';

export type Report = (pointer: string, problem: string) => void;

export function checkSelector(selector: LabelSelector | undefined, at: string, report: Report): void {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  for (const [key, value] of Object.entries(matchLabels)) {
    const pointer = `${at}/matchLabels/${escapeSegment(key)}`;
    reportIfWrong(pointer, keyFault(key) ?? valueFault(key, value), report);
  }
  for (const [index, { key, operator, values = [] }] of matchExpressions.entries()) {
    const pointer = `${at}/matchExpressions/${index}`;
    reportIfWrong(`${pointer}/key`, keyFault(key), report);
    reportIfWrong(`${pointer}/values`, countFault(operator, values), report);
    for (const [place, value] of values.entries())
      reportIfWrong(`${pointer}/values/${place}`, valueFault(key, value), report);
  }
}

function reportIfWrong(pointer: string, problem: string | undefined, report: Report): void {
  if (problem !== undefined) report(pointer, problem);
}

/** Without values, "In" never matches and "NotIn" always matches. */
function countFault(operator: string, values: readonly string[]): string | undefined {
  const wanted = operator === 'In' || operator === 'NotIn';
  if (wanted === values.length > 0) return undefined;
  return `${operator} ${wanted ? 'requires at least one value' : 'takes no values'}`;
}

const NAME_FORM = 'letters, digits, and inner "-", "_", and ".", at most 63 characters';

function keyFault(key: string): string | undefined {
  if (isQualifiedName(key)) return undefined;
  const mended = key.trim();
  if (mended !== key && mended !== '' && keyFault(mended) === undefined) {
    return `${shown(key)} is not a label key: there is whitespace around it; use ${shown(mended)}`;
  }
  return `${shown(key)} is not a label key: a key has ${NAME_FORM}, and may have a DNS name and "/" in front`;
}

/** The value of the name label must also be a valid namespace. */
function valueFault(key: string, value: string): string | undefined {
  if (value !== '' && !isLabelName(value)) return `${shown(value)} is not a label value: ${valueForm(value)}`;
  return key === NAME_LABEL ? globFault(value, NAMESPACE) : undefined;
}

function valueForm(value: string): string {
  const trimmed = value.trim();
  if (trimmed !== value && isLabelName(trimmed)) return `there is whitespace around it; use ${shown(trimmed)}`;
  if (/[*?[\]{}^$|!,]/.test(value)) return 'selectors take whole values, not globs; list each value';
  return `a value has ${NAME_FORM}`;
}

function shown(text: string): string {
  return quoteValue(text, 80);
}
