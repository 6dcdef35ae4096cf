/** Explains why the kind of an object is unknown, and suggests a fix. */
import { quoteValue } from '../image/quote.ts';
import { type ImageSign, imageSignIn } from '../pod/image-signs.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { apiVersionOf, type ObjectType } from '../pod/workload.ts';
import { didYouMean } from '../image/suggestion.ts';

/** Returns why no rule sees an object that seems to run images; undefined for known kinds and all other objects. */
export function unknownKindReason(object: JsonObject, type: ObjectType, kinds: KindTable): string | undefined {
  if (kinds.find(type.group, type.kind) !== undefined) return undefined;
  const misnamed = misnamedWorkload(type, kinds);
  if (misnamed !== undefined) return misnamed;
  const sign = imageSignIn(object, type.group);
  return sign === undefined ? undefined : unknownReason(type, sign, kinds);
}

/** A built-in workload with a wrong apiVersion or case is reported whatever it contains, because it was meant to run. */
function misnamedWorkload(type: ObjectType, kinds: KindTable): string | undefined {
  const { group, kind } = type;
  if (group.includes('.') && !group.endsWith('.k8s.io')) return undefined;
  const lower = kind.toLowerCase();
  const name = Object.keys(VERSIONS)
    .flatMap((one) => kindsIn(one, kinds))
    .find((one) => [one.toLowerCase(), `${one.toLowerCase()}s`].includes(lower));
  if (name === undefined) return undefined;
  const groups = groupsWith(name, kinds);
  if (name === kind) return noSuchKind(type, groups);
  return groups.includes(group)
    ? `unknown kind ${quoteValue(kind)}; did you mean "${name}"?`
    : `unknown kind ${quoteValue(kind)}; use kind: ${name} with apiVersion: ${apiVersionsOf(groups)}`;
}

function noSuchKind(type: ObjectType, groups: readonly string[]): string {
  const { kind } = type;
  return `apiVersion ${quoteValue(apiVersionOf(type))} has no kind ${quoteValue(kind)}; use apiVersion: ${apiVersionsOf(groups)}`;
}

function unknownReason(type: ObjectType, sign: ImageSign, kinds: KindTable): string {
  const { group, kind } = type;
  const groups = groupsWith(kind, kinds);
  const isServers = !group.includes('.');
  if (groups.length > 0 && (isServers || didYouMean(group, groups) !== '')) return noSuchKind(type, groups);
  const nearKind = didYouMean(kind, kindsIn(group, kinds));
  if (nearKind !== '' || isServers) return `unknown kind ${quoteValue(kind)}${nearKind}`;
  const where = `in the API group ${quoteValue(group)}`;
  const what = sign.what === 'containers' ? 'containers' : 'an image';
  return `kind ${quoteValue(kind)} ${where} is unknown and contains ${what} at ${shown(sign.pointer)}${remedyFor(type, sign)}`;
}

function shown(pointer: string): string {
  return /^[\w./*-]{1,200}$/.test(pointer) ? pointer : quoteValue(pointer);
}

/** The group of every CustomResourceDefinition contains a dot; these groups belong to the API server. */
const VERSIONS: Readonly<Record<string, string>> = { '': 'v1', apps: 'apps/v1', batch: 'batch/v1' };

function groupsWith(kind: string, kinds: KindTable): readonly string[] {
  const own = Object.keys(VERSIONS).filter((group) => kinds.find(group, kind) !== undefined);
  return own.length > 0
    ? own
    : kinds.fullNames.filter((name) => name.startsWith(`${kind}.`)).map((name) => name.slice(kind.length + 1));
}

function apiVersionsOf(groups: readonly string[]): string {
  return groups.map((group) => VERSIONS[group] ?? `${group}/…`).join(' or ');
}

function kindsIn(group: string, kinds: KindTable): readonly string[] {
  return kinds.names.filter((name) => kinds.find(group, name) !== undefined);
}

/** An entry for the configuration, if one can be suggested. */
function remedyFor({ group, kind }: ObjectType, { pointer, what }: ImageSign): string {
  const holder = what === 'containers' ? pointer.slice(0, pointer.lastIndexOf('/')) : pointer;
  if (what === 'parts' || what === 'placeholder' || holder === '') return '';
  const place = what === 'containers' ? `podSpecs: [${holder}]` : `images: [${holder}]`;
  const isPlain = [group, kind, pointer].every((text) => /^[\w./*-]+$/.test(text));
  const entry = isPlain ? ` {group: ${group}, kind: ${kind}, ${place}}` : ' it';
  return `; add${entry} to "kinds" in the configuration file`;
}
