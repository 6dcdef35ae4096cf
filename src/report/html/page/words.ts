/** The words of the page. */
import type { Decision, Totals } from '../report-data.ts';
import type { Key } from './finding-keys.ts';

export type Tone = 'deny' | 'warn' | 'ok' | 'odd' | 'calm';

export const DECISIONS: Readonly<Record<Decision, { readonly word: string; readonly tone: Tone }>> = {
  deny: { word: 'Deny', tone: 'deny' },
  unknown: { word: 'Unknown', tone: 'odd' },
  warn: { word: 'Warn', tone: 'warn' },
  audit: { word: 'Audit', tone: 'calm' },
  excused: { word: 'Excused', tone: 'calm' },
  known: { word: 'Known', tone: 'calm' },
  none: { word: 'No finding', tone: 'ok' },
};

export interface Tile {
  readonly key: string;
  readonly label: string;
  readonly tone: Tone;
  readonly note: string;
}

const CHANGE_TILES: readonly Tile[] = [
  { key: 'newly-denied', label: 'Newly denied', tone: 'deny', note: 'allowed before, denied after' },
  { key: 'newly-allowed', label: 'Newly allowed', tone: 'ok', note: 'denied before, allowed after' },
  { key: 'changed', label: 'Other changes', tone: 'warn', note: 'same decision, other findings or patch' },
  { key: 'unknown', label: 'Unknown', tone: 'odd', note: 'facts are missing' },
  { key: 'same', label: 'Same', tone: 'calm', note: 'nothing changes' },
];

/** Before are the other policies. */
const PEER_TILES: readonly Tile[] = [
  { key: 'newly-denied', label: 'Only these deny', tone: 'deny', note: 'the other policies allow' },
  { key: 'newly-allowed', label: 'Only others deny', tone: 'warn', note: 'these policies allow' },
  { key: 'unknown', label: 'Unknown', tone: 'odd', note: 'facts are missing' },
  { key: 'same', label: 'Same', tone: 'calm', note: 'both allow, or both deny' },
];

const DECISION_TILES: readonly Tile[] = [
  { key: 'deny', label: 'Denied', tone: 'deny', note: 'rejected by the webhook' },
  { key: 'warn', label: 'Warned', tone: 'warn', note: 'allowed with a warning' },
  { key: 'unknown', label: 'Unknown', tone: 'odd', note: 'cannot be determined' },
  { key: 'audit', label: 'Audited', tone: 'calm', note: 'only recorded' },
  { key: 'excused', label: 'Excused', tone: 'calm', note: 'by an exception, until it expires' },
  { key: 'known', label: 'Known', tone: 'calm', note: 'in the baseline' },
];

/** Denials and warnings have a tile also if there are none, because that is an answer, too. */
const ALWAYS = new Set(['deny', 'warn', 'newly-denied', 'newly-allowed', 'changed', 'same']);

interface Compared {
  readonly changes: Totals['changes'];
  /** The other side are other admission policies. */
  readonly hasPeers: boolean;
}

/** `used`: the tiles that findings have. `weighs`: without changes, the findings are denials only. */
export function tilesOf(weighs: boolean, used: ReadonlySet<string>, { changes, hasPeers }: Compared): readonly Tile[] {
  const always = weighs && changes === null ? new Set(['deny']) : ALWAYS;
  const isShown = ({ key }: Tile): boolean =>
    always.has(key) || used.has(key) || (key === 'unknown' && changes !== null && changes.unknown > 0);
  const compared = hasPeers ? PEER_TILES : CHANGE_TILES;
  return (changes === null ? DECISION_TILES : compared).filter(isShown);
}

/** A replay opens with what would break; if nothing would, and for a check, with everything. */
export function firstTile(used: ReadonlySet<string>, weighs: boolean): string {
  return (weighs ? ['newly-denied', 'deny'] : []).find((tile) => used.has(tile)) ?? '';
}

export interface Column {
  readonly key: string;
  readonly label: string;
}

export const COLUMNS: readonly Column[] = [
  { key: 'decision', label: 'Decision' },
  { key: 'what', label: 'Problem' },
  { key: 'workload', label: 'Workload' },
  { key: 'rule', label: 'Rule' },
  { key: 'owner', label: 'Owner' },
  { key: 'times', label: 'Times' },
  { key: 'where', label: 'File' },
];

interface Shown {
  readonly compares: boolean;
  readonly weighs: boolean;
  readonly hasOwners: boolean;
  readonly hasPeers: boolean;
}

export function columnsOf({ compares, weighs, hasOwners, hasPeers }: Shown): readonly Column[] {
  const label = hasPeers ? 'Others → these' : 'Before → after';
  return COLUMNS.filter(({ key }) => {
    if (key === 'owner') return hasOwners;
    if (key === 'times') return weighs;
    return key === 'where' ? !weighs : true;
  }).map((column) => (compares && column.key === 'decision' ? { ...column, label } : column));
}

export const GROUPS: readonly Column[] = [
  { key: '', label: 'No groups' },
  { key: 'workload', label: 'By workload' },
  { key: 'image', label: 'By image' },
  { key: 'rule', label: 'By rule' },
  { key: 'namespace', label: 'By namespace' },
  { key: 'owner', label: 'By owner' },
];

export interface DenialWords {
  readonly denied: string;
  readonly allowed: string;
}

export function denialWordsOf({ compares, hasPeers }: Pick<Shown, 'compares' | 'hasPeers'>): DenialWords {
  if (!compares) return { denied: 'denied', allowed: 'allowed' };
  return hasPeers
    ? { denied: 'denied only by these', allowed: 'denied only by others' }
    : { denied: 'newly denied', allowed: 'newly allowed' };
}

export interface Facet {
  readonly key: Key;
  readonly label: string;
}

const FACETS: readonly Facet[] = [
  { key: 'owner', label: 'Owner' },
  { key: 'namespace', label: 'Namespace' },
  { key: 'rule', label: 'Rule' },
  { key: 'registry', label: 'Registry' },
  { key: 'image', label: 'Image' },
];
const MAX_FACETS = 4;

/** Four bar charts about what the findings have. */
export function facetsOf(has: (key: Key) => boolean): readonly Facet[] {
  return FACETS.filter(({ key }) => has(key)).slice(0, MAX_FACETS);
}

export function emptyText(key: Key): string {
  return key === 'namespace' ? 'cluster-scoped' : `no ${key}`;
}

export function number(value: number): string {
  return value.toLocaleString('en-US');
}

export function amount(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}
