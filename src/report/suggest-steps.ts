/** Texts about the steps of `suggest`, for terminals and for comments. Names come from recorded requests. */
import { printable } from '../image/quote.ts';
import { numberText } from './number-text.ts';
import type { DeniedNamespace, DeniedWorkload, SuggestedStep } from './suggest.ts';

/** `remove ghcr.io/acme/** from image-registry: denies 3 of 900 reviews in shop (Deployment shop/web), last on 2027-02-14` */
export function stepText(step: SuggestedStep): string {
  const { change, denied, reviews, last } = step;
  const where = namesText(step.namespaces.map(namespaceText), step.moreNamespaces);
  const who = namesText(step.workloads.map(workloadText), step.moreWorkloads);
  const when = last === null ? '' : `, last on ${day(last)}`;
  const inNames = where === '' ? '' : ` in ${where}`;
  return `${change}: denies ${numberText(denied)} of ${reviewsText(reviews)}${inNames}${who === '' ? '' : ` (${who})`}${when}`;
}

const MAX_SHOWN = 3;
/** Names of Kubernetes have at most 253 characters; only the start of a longer text helps. */
const MAX_NAME = 80;

/** `more`: names that are not in the list. */
export function namesText(names: readonly string[], more: number): string {
  const shown = names.slice(0, MAX_SHOWN);
  const left = names.length - shown.length + more;
  return [...shown, ...(left === 0 ? [] : [`${numberText(left)} more`])].join(', ');
}

export function namespaceText({ name }: DeniedNamespace): string {
  return name === null ? 'no namespace' : printable(name, MAX_NAME);
}

export function workloadText({ kind, namespace, name }: DeniedWorkload): string {
  const place = namespace === null ? '' : `${printable(namespace, MAX_NAME)}/`;
  return `${printable(kind, MAX_NAME)} ${place}${printable(name, MAX_NAME)}`;
}

/** In UTC. */
export function day(time: string): string {
  return time.slice(0, 'YYYY-MM-DD'.length);
}

export function reviewsText(reviews: number): string {
  return reviews === 1 ? '1 review' : `${numberText(reviews)} reviews`;
}

/** ` from 2027-02-01 to 2027-02-28` */
export function spanText(first: string | null, last: string | null): string {
  if (first === null || last === null) return '';
  return day(first) === day(last) ? ` on ${day(first)}` : ` from ${day(first)} to ${day(last)}`;
}
